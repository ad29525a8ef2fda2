/**
 * What a protocol step refuses, with the close code of docs/protocol.md §8 that the connection ends with. Codes are for
 * logs and tests of this end only: the peer sees the close code, which is the same for all causes of one kind (§5).
 */
import { CodedError } from '../wire/errors.ts';

export type ProtocolErrorCode =
  // Enrolment (§2.2)
  | 'ENROLMENT_REFUSED'
  | 'ENROLMENT_WRONG_DEVICE'
  | 'ENROLMENT_RETIRED'
  | 'ENROLMENT_NOT_SUPPORTED'
  | 'ENROLMENT_EPOCH_NOT_NEW'
  | 'CHAIN_ANCHOR_MISMATCH'
  // Vendor roots (§7.1)
  | 'ROOTS_REFUSED'
  | 'ROOTS_NOT_NEXT'
  | 'ROOTS_KNOWN'
  // Handshake (§3)
  | 'FRAME_TOO_LARGE'
  | 'FRAME_MALFORMED'
  | 'FRAME_UNEXPECTED'
  | 'HELLO_UNKNOWN_KID'
  | 'HELLO_NOT_AS_ENROLLED'
  | 'HELLO_MAC_WRONG'
  | 'HELLO_COUNTER_OLD'
  | 'HELLO_GENERATION_TOO_FAR'
  | 'CHAIN_INDEX_AHEAD'
  | 'CHAIN_EXHAUSTED'
  | 'HANDSHAKE_KEY_REFUSED'
  | 'HANDSHAKE_NOT_AUTHENTIC'
  | 'HANDSHAKE_BODY_MALFORMED'
  | 'HANDSHAKE_WRONG_ID'
  | 'HANDSHAKE_PROOF_WRONG'
  | 'HANDSHAKE_SIGNATURE_WRONG'
  | 'HANDSHAKE_SUPERSEDED'
  | 'HANDSHAKE_USED'
  | 'RESYNC_REFUSED'
  | 'NOTICE_OUT_OF_ORDER'
  // Session (§5)
  | 'RECORD_NOT_AUTHENTIC'
  | 'RECORD_MALFORMED'
  | 'RECORD_LIMIT'
  | 'MESSAGE_TYPE_UNKNOWN'
  | 'MESSAGE_FROM_WRONG_SIDE'
  | 'MESSAGE_OUT_OF_ORDER'
  | 'MESSAGE_TOO_OFTEN'
  | 'REKEY_WRONG_GENERATION'
  | 'SESSION_CLOSED';

/** A peer's frame, message or object that a protocol step refuses. */
export class ProtocolError extends CodedError<ProtocolErrorCode> {
  /** How the connection is closed (§8). */
  readonly closeCode: number;

  constructor(code: ProtocolErrorCode, closeCode: number, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.closeCode = closeCode;
  }
}
