/** The errors of the formats and requests between nodes: every way a request, an answer or a transfer can be refused. */
import { LamplighterError } from '../errors.ts';

export type ExchangeErrorCode =
  /** The bytes are not the deterministic CBOR, or not the shape, that the format says. */
  | 'EXCHANGE_MALFORMED'
  /** The signature is not the claimed sender's. */
  | 'EXCHANGE_BAD_SIGNATURE'
  /** The sender's time lies outside the window around ours. */
  | 'EXCHANGE_STALE'
  /** The nonce was used before. */
  | 'EXCHANGE_REPLAYED'
  /** More requests within the time window than nonces are remembered. */
  | 'EXCHANGE_TOO_MANY'
  /** Made for another node. */
  | 'EXCHANGE_WRONG_RECIPIENT'
  /** HPKE did not open: sealed to another key, for another purpose, or changed. */
  | 'EXCHANGE_UNSEALING_FAILED'
  /** A key of no kind, or an RSA key of too few bits. */
  | 'EXCHANGE_KEY_REFUSED'
  /** Genuine, but the answer to another question. */
  | 'EXCHANGE_MISMATCH'
  /** Not what the ledger's digest names. */
  | 'EXCHANGE_DIGEST_MISMATCH'
  /** No connection, or it broke. */
  | 'FETCH_UNAVAILABLE'
  /** The deadline passed. */
  | 'FETCH_TIMEOUT'
  /** Fewer bytes a second than the least rate. */
  | 'FETCH_TOO_SLOW'
  /** More bytes than the limit. */
  | 'FETCH_TOO_LONG'
  /** Fewer bytes than named. */
  | 'FETCH_TOO_SHORT'
  /** Redirects are refused. */
  | 'FETCH_REDIRECTED'
  /** The other node refused; see {@link ExchangeError.status} and {@link ExchangeError.problem}. */
  | 'FETCH_REFUSED';

/** What the other node said when it refused. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** `code` of its problem+json document, empty when there was none. */
  readonly problem: string;
}

export class ExchangeError extends LamplighterError<ExchangeErrorCode> {
  /** HTTP status of a refusal, 0 otherwise. */
  readonly status: number;
  /** Code of the other node's problem document, empty otherwise. */
  readonly problem: string;

  constructor(
    code: ExchangeErrorCode,
    message: string,
    options?: ErrorOptions & { readonly refusal?: Refusal },
  ) {
    super(code, message, options);
    this.status = options?.refusal?.status ?? 0;
    this.problem = options?.refusal?.problem ?? '';
  }
}
