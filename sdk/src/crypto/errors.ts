/** What cryptographic steps refuse. How a connection closes on it is decided by the protocol step that asked. */
import { CodedError } from '../wire/errors.ts';

export type CryptoErrorCode =
  | 'SUITE_UNKNOWN'
  | 'AEAD_REFUSED'
  | 'X25519_ALL_ZERO'
  | 'KEY_REFUSED'
  | 'SIGNATURE_INVALID'
  | 'THRESHOLD_NOT_MET'
  | 'SERIAL_OUT_OF_RANGE';

/** A key, ciphertext or signature that is not right. Never says more about a secret than that. */
export class CryptoError extends CodedError<CryptoErrorCode> {}
