/** What a failed submission of reports means for the outbox (design §8: retried over conflicts and outages, recorded once). */
import { LedgerError } from '../ledger/ledger-error.ts';
import type { FailureVerdict } from './memory-outbox.ts';

/** The ledger could not be reached, or its answer was lost: sent again for as long as it takes. */
const AWAY = new Set(['UNAVAILABLE', 'TIMEOUT', 'ORDERER_REFUSED']);
/** Lost a race against another transaction, or peers were not yet alike: sent again, a bounded number of times. */
const RACE = new Set([
  'MVCC_READ_CONFLICT',
  'PHANTOM_READ_CONFLICT',
  'ENDORSEMENTS_DIFFER',
  'ENDORSEMENT_POLICY_FAILURE',
  'CONTRACT_FAILED',
]);
/** An earlier try, whose outcome was lost, has written it. */
const RECORDED = new Set(['REPORT_DUPLICATE', 'DUPLICATE_TXID']);
const RACE_TRIES = 8;

/** @param attempt tries of this batch before, from 0 */
export function judgeFailure(error: unknown, attempt: number): FailureVerdict {
  if (!(error instanceof LedgerError)) return 'refused';
  if (AWAY.has(error.code)) return 'retry';
  if (RACE.has(error.code) && attempt < RACE_TRIES) return 'retry';
  return RECORDED.has(error.code) ? 'recorded' : 'refused';
}
