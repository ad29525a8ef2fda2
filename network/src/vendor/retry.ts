/** Tries again what the ledger refused for reasons that pass: conflicts between transactions, peers a block apart. */
import { setTimeout as sleep } from 'node:timers/promises';

import { LedgerError } from '../ledger/index.ts';

/** Conflicts between transactions. */
const PASSING: ReadonlySet<string> = new Set([
  'MVCC_READ_CONFLICT',
  'PHANTOM_READ_CONFLICT',
  'ENDORSEMENTS_DIFFER',
  'ENDORSEMENT_POLICY_FAILURE',
]);
/** The ledger did not decide: nobody answered, or not with a code of the contracts. */
const UNDECIDED: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'TIMEOUT',
  'ORDERER_REFUSED',
  'CONTRACT_FAILED',
  'CLOSED',
]);
const ATTEMPTS = 5;
const FIRST_DELAY_MS = 50;

/** At most 5 attempts, each after twice the delay. A transaction that may have been ordered is not repeated. */
export async function withRetries<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const passing =
        error instanceof LedgerError && PASSING.has(error.code) && !error.maybeOrdered;
      if (!passing || attempt === ATTEMPTS) throw error;
    }
    await sleep(FIRST_DELAY_MS * 2 ** attempt, undefined, { signal });
  }
}

/** Whether this is the ledger's last word on a transaction: the same one would be refused again. */
export function isRefusal(error: unknown): error is LedgerError {
  if (!(error instanceof LedgerError) || error.maybeOrdered) return false;
  return !PASSING.has(error.code) && !UNDECIDED.has(error.code);
}
