/**
 * What a ledger refuses or fails with. `code` is the contract's own (`DEVICE_NOT_FOUND`), Fabric's validation code
 * (`MVCC_READ_CONFLICT`) or one of {@link LedgerClientCode}; so it is a plain string.
 */
import { LamplighterError } from '../errors.ts';

export type LedgerClientCode =
  /** No peer or no orderer answered; nothing is known to be ordered. */
  | 'UNAVAILABLE'
  /** The deadline passed. With `transactionId` and `maybeOrdered` the transaction may yet commit. */
  | 'TIMEOUT'
  /** The orderer refused the transaction. */
  | 'ORDERER_REFUSED'
  /** A contract or peer failed without one of our codes in its text. */
  | 'CONTRACT_FAILED'
  /** The peers' answers differ so much that no group of equal ones is left to submit. */
  | 'ENDORSEMENTS_DIFFER'
  /** No peer of that organisation in the profile. */
  | 'ORGANISATION_UNKNOWN'
  /** A record is not as `records.ts` says. */
  | 'RECORD_MALFORMED'
  /** The ledger was closed by its owner. */
  | 'CLOSED';

export interface LedgerErrorFacts {
  /** Hex, empty when there was none. */
  readonly transactionId?: string;
  /** Whether it was sent to the orderer, so that it may commit in spite of the error. */
  readonly maybeOrdered?: boolean;
  readonly cause?: unknown;
}

export class LedgerError extends LamplighterError {
  readonly transactionId: string;
  /** True when the transaction was sent to the orderer and no commit status is known. */
  readonly maybeOrdered: boolean;

  constructor(code: string, message: string, facts: LedgerErrorFacts = {}) {
    super(code, message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.transactionId = facts.transactionId ?? '';
    this.maybeOrdered = facts.maybeOrdered ?? false;
  }
}

/** `CODE: text` at the start of a contract's message, or after what peers and SDKs put before it. */
const CONTRACT_CODE = /(?:^|[\s:"'])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): /;

/**
 * The stable code that a contract put into its error text, whatever a peer or the SDK put around it.
 *
 * @returns undefined when there is none
 */
export function contractCodeOf(text: string): string | undefined {
  return CONTRACT_CODE.exec(text)?.[1];
}
