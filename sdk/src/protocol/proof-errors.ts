/** Why an answer of the ledger is not believed (docs/protocol.md §7.3). */
import { CodedError } from '../wire/errors.ts';

/** Why one response of many was dropped, by the item of §7.3 that it fails. */
export type ResponseFault =
  /** Item 1: no identity, or a certificate that is not in the set under that organisation. */
  | 'ENDORSER_UNKNOWN'
  /** Item 2: another key, high s, or no strict DER. */
  | 'SIGNATURE_FALSE'
  /** Item 3: the proposal is not what was signed, or can be cut in another way. */
  | 'PROPOSAL_NOT_SIGNED'
  /** Item 3: another type of transaction or another channel. */
  | 'WRONG_CHANNEL'
  /** Item 3: another function was asked, or with other arguments. */
  | 'WRONG_QUESTION'
  /** Item 4: refused by the contract, or another chaincode answered. */
  | 'WRONG_CHAINCODE'
  /** Item 5: not a statement, or one about something else. */
  | 'WRONG_STATEMENT';

export type ProofErrorCode =
  /** The bytes are no proof set, link or set. */
  | 'PROOF_MALFORMED'
  /** No statement is said by enough stake. */
  | 'PROOF_NOT_WON'
  /** Two statements that differ are both said by enough stake. */
  | 'PROOF_AMBIGUOUS'
  /** A statement under a set that is neither the one known nor a later one. */
  | 'PROOF_OF_OTHER_SET'
  /** The manager said "current", and the ledger names a release above it. */
  | 'RELEASE_HIDDEN'
  /** The manager offers what the ledger does not name. */
  | 'RELEASE_NOT_APPROVED'
  /** An answer came without a proof, or none came. */
  | 'PROOF_MISSING'
  /** The set that is known is too old to be moved by links (`set_age`). */
  | 'SET_TOO_OLD'
  /** A link that leads away from another set. */
  | 'LINK_OF_OTHER_SET'
  /** A set that is not newer than the one known. */
  | 'SET_NOT_NEWER'
  /** The vendor did not sign a set, or too few of its keys did. */
  | 'SET_NOT_SIGNED';

/** How many responses were dropped, by fault. */
export type DroppedResponses = Readonly<Partial<Record<ResponseFault, number>>>;

/** An answer that proves nothing. */
export class ProofError extends CodedError<ProofErrorCode> {
  readonly dropped: DroppedResponses;

  constructor(
    code: ProofErrorCode,
    message: string,
    options?: ErrorOptions & { readonly dropped?: DroppedResponses },
  ) {
    super(code, message, options);
    this.dropped = options?.dropped ?? {};
  }
}
