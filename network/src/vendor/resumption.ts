/** Finishes in the background what an earlier run broke off, again and again until nothing is left or the node closes. */
import type { VendorLogger } from './logger.ts';
import { pause } from './pause.ts';

export interface ResumptionOptions {
  /** One try. @returns the failures of what is left, by a name */
  readonly work: (signal: AbortSignal) => Promise<ReadonlyMap<string, unknown>>;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly logger: VendorLogger;
  /** After the first try, doubled up to a minute. @default 1_000 */
  readonly delayMs?: number;
}

const LONGEST_DELAY_MS = 60_000;

/** Resolves when nothing is left, or when the signal is aborted. Never fails: what failed is told to the logger. */
export async function resume({
  work,
  signal,
  logger,
  delayMs = 1_000,
}: ResumptionOptions): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const finished = await attempt(work, signal, logger);
    if (finished || signal.aborted) return;
    await pause(Math.min(delayMs * 2 ** Math.min(tries, 16), LONGEST_DELAY_MS), signal);
  }
}

async function attempt(
  work: ResumptionOptions['work'],
  signal: AbortSignal,
  logger: VendorLogger,
): Promise<boolean> {
  const text = 'what an earlier run broke off is not finished';
  try {
    const failures = await work(signal);
    if (failures.size > 0) logger.warn({ failures: Object.fromEntries(failures) }, text);
    return failures.size === 0;
  } catch (error) {
    if (!signal.aborted) logger.warn({ error }, text);
    return false;
  }
}
