/** What is measured: our step beside another, in one run, by turns. */

/** A step to be timed, made ready for messages of so many bytes. */
export type Step = (bytes: number) => () => unknown;

export interface Comparison {
  readonly name: string;
  /** Sizes of message, bytes; 0 for what has none. */
  readonly sizes: readonly number[];
  readonly ours: Step;
  readonly theirs: Step;
  readonly target: Target;
}

/** How many times as fast we have to be at least, or how many times as long we may take at most. */
export type Target = { readonly leastSpeed: number } | { readonly mostTime: number };

export interface Measured {
  readonly oursNs: number;
  readonly theirsNs: number;
  /** Median over the turns of their time by ours. */
  readonly speed: number;
}

/** Of one turn of one side. */
const TURN_NS = 4e6;
const WARM_UP_NS = 60e6;

function timed(step: () => unknown, times: number): number {
  const begin = process.hrtime.bigint();
  for (let time = 0; time < times; time += 1) step();
  return Number(process.hrtime.bigint() - begin);
}

/** Runs until compiled, and says how often it fits into a turn. */
function warmed(step: () => unknown): number {
  let times = 1;
  let spent = 0;
  for (;;) {
    const took = timed(step, times);
    spent += took;
    if (spent >= WARM_UP_NS) return Math.max(1, Math.round((times * TURN_NS) / took));
    if (took < TURN_NS) times *= 2;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Of one step, the median of its turns. */
export function nanoseconds(step: () => unknown, turns: number): number {
  const times = warmed(step);
  return median(Array.from({ length: turns }, () => timed(step, times) / times));
}

/** @param turns - of each side, one after the other's */
export function measure(ours: () => unknown, theirs: () => unknown, turns: number): Measured {
  const [oursTimes, theirsTimes] = [warmed(ours), warmed(theirs)];
  const rows = Array.from({ length: turns }, () => ({
    ours: timed(ours, oursTimes) / oursTimes,
    theirs: timed(theirs, theirsTimes) / theirsTimes,
  }));
  return {
    oursNs: median(rows.map((row) => row.ours)),
    theirsNs: median(rows.map((row) => row.theirs)),
    speed: median(rows.map((row) => row.theirs / row.ours)),
  };
}
