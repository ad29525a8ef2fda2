/**
 * Whether a signed request is new: its time lies within a window around ours and its nonce was not seen in that time.
 * Hides the bounded memory of nonces. No clock of its own: the caller passes the time.
 */
import { ExchangeError } from './exchange-error.ts';

/** Seconds a request may differ from the receiver's clock, either way. */
export const FRESH_SECONDS = 300;
/** Bytes of a nonce. */
export const NONCE_BYTES = 16;

/** What a receiver needs to tell a new request from an old one. */
export interface Freshness {
  /** Receiver's time, seconds since 1970. */
  readonly now: number;
  readonly nonces: NonceMemory;
}

/** Nonces of the last minutes. One memory serves one kind of request at one node. */
export class NonceMemory {
  readonly #capacity: number;
  /** Sender and nonce to the second after which the time alone refuses it; in order of arrival. */
  readonly #expiries = new Map<string, number>();

  /** @param options.capacity nonces remembered at most; @default 65_536 */
  constructor(options: { readonly capacity?: number } = {}) {
    this.#capacity = options.capacity ?? 65_536;
  }

  /**
   * Takes a nonce in, once. Call it only after the signature was right, so that nobody fills the memory of others.
   *
   * @param time the sender's, seconds since 1970
   * @throws {@link ExchangeError} EXCHANGE_STALE, EXCHANGE_REPLAYED, EXCHANGE_TOO_MANY
   */
  admit(sender: string, nonce: Uint8Array, time: number, now: number): void {
    if (Math.abs(now - time) > FRESH_SECONDS) {
      throw new ExchangeError(
        'EXCHANGE_STALE',
        `${sender} wrote at ${String(time)}, more than ${String(FRESH_SECONDS)} s from ${String(now)}`,
      );
    }
    this.#forget(now);
    const key = `${sender} ${Buffer.from(nonce).toString('hex')}`;
    if (this.#expiries.has(key)) {
      throw new ExchangeError('EXCHANGE_REPLAYED', `${sender} used this nonce before`);
    }
    if (this.#expiries.size >= this.#capacity) {
      throw new ExchangeError(
        'EXCHANGE_TOO_MANY',
        `more than ${String(this.#capacity)} requests in ${String(FRESH_SECONDS)} s`,
      );
    }
    this.#expiries.set(key, time + FRESH_SECONDS);
  }

  #forget(now: number): void {
    for (const [key, expiry] of this.#expiries) {
      if (expiry >= now) return;
      this.#expiries.delete(key);
    }
  }
}
