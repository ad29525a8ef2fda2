/**
 * Take-overs under way, one a manager: they outlive whoever asked for them, and whoever asks again follows the one that
 * runs. Over HTTP a take-over is lines of JSON: `{"progress":…}` from time to time, so that no idle limit on the way cuts it,
 * and at last `{"result":…}` or `{"problem":…}`.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { TakeOver } from './fleet-care.ts';
import { problemOf } from './problem.ts';
import { VendorError } from './vendor-error.ts';

export interface Progress {
  /** Devices that were tried. */
  readonly done: number;
  /** Devices to try; null until that is known. */
  readonly of: number | null;
}

export interface RunningTakeOver {
  readonly to: string;
  readonly progress: Progress;
  readonly result: Promise<TakeOver>;
}

/** What runs ends by itself: as many at most as there are managers. */
export class TakeOvers {
  readonly #running = new Map<string, RunningTakeOver>();

  /**
   * Begins `work`, or joins what runs for this manager.
   *
   * @throws VendorError BUSY when that goes to another manager
   */
  begin(
    manager: string,
    to: string,
    work: (told: (progress: Progress) => void) => Promise<TakeOver>,
  ): RunningTakeOver {
    const known = this.#running.get(manager);
    if (known?.to === to) return known;
    if (known !== undefined) {
      throw new VendorError('BUSY', `devices of "${manager}" are on their way to "${known.to}"`);
    }
    const running = newRunning(to, work);
    this.#running.set(manager, running);
    const end = (): void => void this.#running.delete(manager);
    running.result.then(end, end);
    return running;
  }
}

function newRunning(
  to: string,
  work: (told: (progress: Progress) => void) => Promise<TakeOver>,
): RunningTakeOver {
  let progress: Progress = { done: 0, of: null };
  const result = work((told) => {
    progress = told;
  });
  return {
    to,
    result,
    get progress() {
      return progress;
    },
  };
}

/** @param everyMs milliseconds between two lines */
export async function* linesOf(
  running: RunningTakeOver,
  everyMs: number,
): AsyncGenerator<Uint8Array, undefined> {
  const end = running.result.then(
    (result) => ({ result }),
    (error: unknown) => ({ problem: problemOf(error) }),
  );
  for (let last: object | undefined; last === undefined;) {
    yield line({ progress: running.progress });
    last = await within(end, everyMs);
    if (last !== undefined) yield line(last);
  }
}

/** @returns undefined when it takes longer */
async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

function line(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
