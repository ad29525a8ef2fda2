/** A clock that moves only when a test says so. */
import type { DeviceClock } from '@lamplighter/sdk';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Lets everything that is ready run, however many turns of the event loop it takes. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

export class VirtualClock implements DeviceClock {
  #now = 1000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  schedule(seconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + seconds, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Moves on, timer by timer, and lets each one's work finish. */
  async advance(seconds: number): Promise<void> {
    const end = this.#now + seconds;
    await settle(4);
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.callback();
      await settle(4);
    }
    this.#now = end;
    await settle();
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
