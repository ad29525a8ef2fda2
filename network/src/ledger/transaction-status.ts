/** Reads peer.ProcessedTransaction, what `qscc` GetTransactionByID answers. Pure. */
import { peer } from '@hyperledger/fabric-protos';

import { LedgerError } from './ledger-error.ts';

const NAMES = new Map(
  Object.entries(peer.TxValidationCode).map(([name, number]) => [Number(number), name]),
);

/** Fabric's name of a validation code; `CODE_<number>` for one that this client does not know. */
export function validationCodeName(code: number): string {
  return NAMES.get(code) ?? `CODE_${code}`;
}

/**
 * Fabric's name of the validation code, `VALID` when it is; `CODE_<number>` for one that this client does not know.
 *
 * @throws LedgerError RECORD_MALFORMED
 */
export function readValidationCode(bytes: Uint8Array): string {
  try {
    const processed = peer.ProcessedTransaction.deserializeBinary(new Uint8Array(bytes));
    return validationCodeName(processed.getValidationcode());
  } catch (error) {
    const text = 'GetTransactionByID did not answer a ProcessedTransaction';
    throw new LedgerError('RECORD_MALFORMED', text, { cause: error });
  }
}

/** Peers of 2.x say "no such transaction ID … in index", older ones "entry not found in index"; neither has a code. */
const UNKNOWN = /no such transaction ID|not found in index/i;

/** True when a peer answered that no block of its has the transaction. */
export function isUnknownTransaction(error: unknown): boolean {
  return error instanceof LedgerError && UNKNOWN.test(error.message);
}
