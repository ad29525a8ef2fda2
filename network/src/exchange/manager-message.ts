/** What every request of a manager to a vendor has, and the checks of it. */
import { ExchangeError } from './exchange-error.ts';
import type { Freshness } from './freshness.ts';
import { verifyMessage, type Purpose, type Unverified } from './signed-message.ts';

/** Fields that say who asks whom, and when. */
export interface ManagerMessage {
  readonly manager: string;
  readonly vendor: string;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

/** What a vendor knows before it looks at a request. */
export interface ManagerMessageExpectation {
  /** PU_j of the manager that the claim names, from the ledger. */
  readonly managerKey: Uint8Array;
  /** Own id. */
  readonly vendor: string;
  readonly freshness: Freshness;
}

/**
 * Signature, recipient, time and nonce, in this order. That the manager manages the device is the ledger's to say.
 *
 * @throws {@link ExchangeError} EXCHANGE_BAD_SIGNATURE, EXCHANGE_WRONG_RECIPIENT, EXCHANGE_STALE, EXCHANGE_REPLAYED
 */
export function verifyManagerMessage<T extends ManagerMessage>(
  purpose: Purpose,
  message: Unverified<T>,
  { managerKey, vendor, freshness }: ManagerMessageExpectation,
): T {
  const request = verifyMessage(purpose, message, managerKey);
  if (request.vendor !== vendor) {
    throw new ExchangeError(
      'EXCHANGE_WRONG_RECIPIENT',
      `${purpose} for "${request.vendor}", received by "${vendor}"`,
    );
  }
  freshness.nonces.admit(request.manager, request.nonce, request.time, freshness.now);
  return request;
}
