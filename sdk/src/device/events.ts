/** Typed events in the manner of EventTarget: they need neither Node nor a browser. */

/** Options of a subscription. */
export interface ListenOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** Hands payloads of named events to listeners. `Events` maps each name to its payload. */
export class TypedEvents<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  /**
   * Calls `listener` for every event of this name.
   *
   * @returns a function that ends the subscription
   */
  on<Name extends keyof Events>(
    name: Name,
    listener: (payload: Events[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // One subscription, one entry: the same function may listen twice.
    const entry = (payload: Events[Name]): void => {
      listener(payload);
    };
    listeners.add(entry);
    const end = (): void => {
      listeners.delete(entry);
      options?.signal?.removeEventListener('abort', end);
    };
    if (options?.signal?.aborted) end();
    else options?.signal?.addEventListener('abort', end, { once: true });
    return end;
  }

  /**
   * The next event of this name.
   *
   * @throws the signal's reason when it aborts first
   */
  once<Name extends keyof Events>(name: Name, options?: ListenOptions): Promise<Events[Name]> {
    return new Promise((resolve, reject) => {
      const { signal } = options ?? {};
      signal?.throwIfAborted();
      const aborted = (): void => {
        end();
        reject(signal?.reason as Error);
      };
      const end = this.on(name, (payload) => {
        end();
        signal?.removeEventListener('abort', aborted);
        resolve(payload);
      });
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  /** Calls the listeners in the order of their subscription. A listener that throws does not stop the others. */
  protected emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (payload: Events[Name]) => void)(payload);
      } catch (error) {
        // The application's own fault: reported as an uncaught error, outside of the protocol's work.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
