/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from '../../../../network/src/management/clock.ts';

interface Pending {
  readonly due: number;
  readonly action: () => void;
}

export class FakeClock implements Clock {
  #now = 1_000;
  readonly #pending = new Set<Pending>();
  /** Real time at the start: vendors' requests carry it and must be fresh. */
  readonly #start = Date.now() - 1_000;

  monotonic(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#start + this.#now);
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#pending.size;
  }

  after(milliseconds: number, action: () => void): Timer {
    const pending = { due: this.#now + milliseconds, action };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Moves time, firing what becomes due in order, and lets promises settle after each. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#pending]
        .filter((pending) => pending.due <= end)
        .sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.due);
      this.#pending.delete(next);
      next.action();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that can go on without time or I/O go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
