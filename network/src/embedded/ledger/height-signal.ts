/** Lets readers wait for a chain to grow. Waiting ends with the reader's own signal, so that no reader is left behind. */
export class HeightSignal {
  #height = 0;
  readonly #waiting = new Set<() => void>();

  get height(): number {
    return this.#height;
  }

  raise(height: number): void {
    this.#height = height;
    for (const wake of [...this.#waiting]) {
      wake();
    }
  }

  /** Resolves when the height exceeds a block's number. @throws the signal's reason when it aborts first. */
  async reach(number: number, signal: AbortSignal): Promise<void> {
    while (this.#height <= number) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }
}
