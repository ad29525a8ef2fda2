/** When an outbox tries again, and what it thinks of a failure. */
import { unitInterval, type RandomSource } from './random.ts';

/** What to do with a failed submission. */
export type FailureVerdict = 'retry' | 'recorded' | 'refused';

const FIRST_DELAY_MS = 250;

/**
 * Milliseconds to wait: doubled with each try, with jitter.
 *
 * @param attempt tries before, from 0
 * @param longestMs before jitter; @default 30_000
 */
export function retryDelay(attempt: number, random: RandomSource, longestMs = 30_000): number {
  const delay = Math.min(longestMs, FIRST_DELAY_MS * 2 ** Math.min(attempt, 20));
  return delay * (0.5 + unitInterval(random));
}

/** The code that an error carries, for the operator. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
