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

/** How many times as fast we have to be at least, or how many times as long we may take at most; else how long we take. */
export type Target =
  { readonly leastSpeed: number } | { readonly mostTime: number } | 'information';

export interface Measured {
  readonly oursNs: number;
  readonly theirsNs: number;
  /** Their time by ours. */
  readonly speed: number;
}

/** Of one turn of one side: short, so that some are not interrupted. */
const TURN_NS = 1e6;
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

/** Of one step, its fastest turn: what else runs on a machine only ever adds. */
export function nanoseconds(step: () => unknown, turns: number): number {
  const times = warmed(step);
  return Math.min(...Array.from({ length: turns }, () => timed(step, times) / times));
}

/**
 * The fastest turn of each side, the turns taken one after the other's: a machine that is slower for a while is so for both.
 *
 * @param turns - of each side
 */
export function measure(ours: () => unknown, theirs: () => unknown, turns: number): Measured {
  const [oursTimes, theirsTimes] = [warmed(ours), warmed(theirs)];
  let oursNs = Infinity;
  let theirsNs = Infinity;
  for (let turn = 0; turn < turns; turn += 1) {
    oursNs = Math.min(oursNs, timed(ours, oursTimes) / oursTimes);
    theirsNs = Math.min(theirsNs, timed(theirs, theirsTimes) / theirsTimes);
  }
  return { oursNs, theirsNs, speed: theirsNs / oursNs };
}
