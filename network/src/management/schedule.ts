/**
 * One timer for all devices: a binary heap of what is due, indexed by key, so that setting, moving and cancelling cost
 * O(log n) and tens of thousands of devices need a single timer of the platform.
 */
import type { Clock, Timer } from './clock.ts';
import { ManagementError } from './management-error.ts';

interface Entry {
  readonly key: string;
  readonly due: number;
  /** Order of setting, so that equal times fire in order. */
  readonly order: number;
  readonly action: () => void;
}

/** Longest single sleep of the platform's timer, milliseconds. */
const LONGEST_SLEEP = 2_147_483_647;

/** Options of {@link Schedule}. */
export interface ScheduleOptions {
  readonly clock: Clock;
  /** Entries at most. @default 262_144 */
  readonly capacity?: number;
}

/** Calls actions at their time; each key has one entry at most. */
export class Schedule implements Disposable {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #heap: Entry[] = [];
  readonly #positions = new Map<string, number>();
  #order = 0;
  #timer: { readonly due: number; readonly timer: Timer } | null = null;

  constructor(options: ScheduleOptions) {
    this.#clock = options.clock;
    this.#capacity = options.capacity ?? 262_144;
  }

  /** Entries waiting. */
  get size(): number {
    return this.#heap.length;
  }

  /**
   * Calls `action` in `milliseconds`; what was set before under `key` is replaced.
   *
   * @throws {@link ManagementError} SCHEDULE_FULL
   */
  set(key: string, milliseconds: number, action: () => void): void {
    this.#remove(key);
    if (this.#heap.length >= this.#capacity) {
      throw new ManagementError(
        'SCHEDULE_FULL',
        `expected at most ${this.#capacity} pending timers; give this node fewer devices`,
      );
    }
    const due = this.#clock.monotonic() + Math.max(0, milliseconds);
    this.#heap.push({ key, due, order: this.#order++, action });
    this.#positions.set(key, this.#heap.length - 1);
    this.#up(this.#heap.length - 1);
    this.#arm();
  }

  /** Milliseconds until `key` is due, undefined when it is not set. */
  dueIn(key: string): number | undefined {
    const position = this.#positions.get(key);
    const entry = position === undefined ? undefined : this.#heap[position];
    return entry && Math.max(0, entry.due - this.#clock.monotonic());
  }

  /** Takes `key` out; harmless when it is not set. */
  cancel(key: string): void {
    if (this.#remove(key)) this.#arm();
  }

  /** Takes everything out. */
  [Symbol.dispose](): void {
    this.#heap.length = 0;
    this.#positions.clear();
    this.#arm();
  }

  #remove(key: string): boolean {
    const position = this.#positions.get(key);
    if (position === undefined) return false;
    this.#swap(position, this.#heap.length - 1);
    this.#heap.pop();
    this.#positions.delete(key);
    if (position < this.#heap.length) {
      this.#up(position);
      this.#down(position);
    }
    return true;
  }

  #arm(): void {
    const next = this.#heap[0]?.due ?? null;
    if (next === (this.#timer?.due ?? null)) return;
    this.#timer?.timer.cancel();
    this.#timer = null;
    if (next === null) return;
    const sleep = Math.min(LONGEST_SLEEP, Math.max(0, next - this.#clock.monotonic()));
    const timer = this.#clock.after(sleep, () => {
      this.#fire();
    });
    this.#timer = { due: next, timer };
  }

  #fire(): void {
    this.#timer = null;
    const now = this.#clock.monotonic();
    const firstNew = this.#order;
    try {
      // One at a time: an action may cancel or move another that is due; what it sets itself waits for the next turn.
      for (let next = this.#heap[0]; next && next.due <= now; next = this.#heap[0]) {
        if (next.order >= firstNew) return;
        this.#remove(next.key);
        next.action();
      }
    } finally {
      this.#arm();
    }
  }

  #before(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (!a || !b) return false;
    return a.due < b.due || (a.due === b.due && a.order < b.order);
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (!a || !b || left === right) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
    this.#positions.set(b.key, left).set(a.key, right);
  }

  #up(position: number): void {
    for (let child = position; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #down(position: number): void {
    for (let parent = position; ;) {
      const left = 2 * parent + 1;
      const child = this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      parent = child;
    }
  }
}
