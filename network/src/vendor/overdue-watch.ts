/** Looks at the ledger's overdue query from time to time, and tells once of each manager that is gone. */
import type { ManagerStanding } from './fleet-care.ts';
import type { VendorLogger } from './logger.ts';
import { pause } from './pause.ts';

export interface OverdueWatchOptions {
  /** Managers with overdue devices now. */
  readonly standings: (signal: AbortSignal) => Promise<readonly ManagerStanding[]>;
  /** Hears of a manager when it is gone, and again when it is gone after it was back. */
  readonly onGone: (standing: ManagerStanding) => void;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly logger: VendorLogger;
}

/** Resolves when the signal is aborted. Never fails: a ledger that is away is told to the logger. */
export async function watchOverdue(options: OverdueWatchOptions): Promise<void> {
  const { everyMs, signal } = options;
  let known: ReadonlySet<string> = new Set();
  while (!signal.aborted) {
    known = await look(options, known);
    await pause(everyMs, signal);
  }
}

/** @returns the managers that are gone */
async function look(
  { standings, onGone, signal, logger }: OverdueWatchOptions,
  known: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  try {
    const gone = (await standings(signal)).filter((standing) => standing.gone);
    for (const standing of gone) {
      if (known.has(standing.manager)) continue;
      logger.warn(standing, 'a manager is gone: its devices wait for a take-over');
      onGone(standing);
    }
    return new Set(gone.map(({ manager }) => manager));
  } catch (error) {
    if (!signal.aborted) logger.warn({ error }, 'overdue devices not looked at');
    return known;
  }
}
