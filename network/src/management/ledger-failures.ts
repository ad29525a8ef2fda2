/** What a failed submission of reports means for the outbox (design §8: retried over conflicts and outages, recorded once). */
import { LedgerError } from '../ledger/ledger-error.ts';
import type { FailureVerdict } from './outbox-retry.ts';

/** The ledger could not be reached, or its answer was lost: sent again for as long as it takes. */
const AWAY = new Set(['UNAVAILABLE', 'TIMEOUT', 'ORDERER_REFUSED']);
/**
 * Lost a race against another transaction, peers that are not alike yet, or one that failed by itself: the contracts give
 * every refusal of theirs a code of their own. Never the report's fault, so it is sent again.
 */
const RACE = new Set([
  'MVCC_READ_CONFLICT',
  'PHANTOM_READ_CONFLICT',
  'ENDORSEMENTS_DIFFER',
  'ENDORSEMENT_POLICY_FAILURE',
  'CONTRACT_FAILED',
]);
/** An earlier try, whose outcome was lost, has written it. */
const RECORDED = new Set(['REPORT_DUPLICATE', 'DUPLICATE_TXID']);

/** What an error of a submission, whose transaction is not in doubt, asks for. */
export function judgeFailure(error: unknown): FailureVerdict {
  if (!(error instanceof LedgerError)) return 'refused';
  if (AWAY.has(error.code) || RACE.has(error.code)) return 'retry';
  return RECORDED.has(error.code) ? 'recorded' : 'refused';
}

/** True when the ledger could not be reached. */
export function isLedgerAway(error: unknown): boolean {
  return error instanceof LedgerError && AWAY.has(error.code);
}
