/** A counting semaphore: so many at a time, the others wait in order. */

/** Gives a slot back, once. */
export type Release = () => void;

/** See the module comment. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param size how many at a time, at least 1 */
  constructor(size: number) {
    this.#free = size;
  }

  /**
   * Waits for a slot.
   *
   * @throws `signal.reason` when aborted before
   */
  async take(signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#give();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      this.#waiting.push(enter);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
