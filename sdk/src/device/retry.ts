/** When a device dials again (docs/protocol.md §5, "Errors"). */

/** Decides on the next dial. */
export interface RetryPolicy {
  /**
   * @param failures connections in a row that ended before a session; 0 after a session
   * @param random a number from [0, 1)
   * @returns seconds from now
   */
  nextDelay(failures: number, random: number): number;
}

/** §5: min(3600, 5 * 2^n) s times a random 0.5..1.5. */
export const standardRetry: RetryPolicy = backOff(5, 3600);

/** For demonstrations and tests: the same curve, 20 times faster and at most 5 s. */
export const fastRetry: RetryPolicy = backOff(0.25, 5);

/** min(most, first * 2^n) s times a random 0.5..1.5. */
export function backOff(firstSeconds: number, mostSeconds: number): RetryPolicy {
  return {
    nextDelay: (failures, random) =>
      Math.min(mostSeconds, firstSeconds * 2 ** Math.min(failures, 32)) * (0.5 + random),
  };
}
