/**
 * Renewal (protocol §3.3): a manager whose chain for a device comes to its end asks the vendor for a new assignment, signed by
 * PU_j. `POST {vendor url}/v1/renewals`. The answer says only that it is heard: the assignment comes by the ledger.
 */
import { encodeCbor } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { NONCE_BYTES, type Freshness } from './freshness.ts';
import { Fields } from './shape.ts';
import { signMessage, splitMessage, verifyMessage, type Unverified } from './signed-message.ts';

export interface RenewalRequest {
  readonly manager: string;
  readonly vendor: string;
  readonly device: string;
  /** Of the assignment that is to be replaced. */
  readonly serial: number;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Manager: the body of the request. @param signatureKey PU_j's Ed25519 seed */
export function signRenewalRequest(request: RenewalRequest, signatureKey: Uint8Array): Uint8Array {
  const { manager, vendor, device, serial, nonce, time } = request;
  const payload = encodeCbor([1, manager, vendor, device, serial, nonce, time]);
  return signMessage('renewal-request', payload, signatureKey);
}

/** Vendor: splits a request; `claim.manager` says whose key on the ledger must have signed it. */
export function readRenewalRequest(bytes: Uint8Array): Unverified<RenewalRequest> {
  return splitMessage('renewal-request', bytes, (payload) => {
    const fields = Fields.versioned('renewal request', payload, 7);
    return {
      manager: fields.id(1),
      vendor: fields.id(2),
      device: fields.id(3),
      serial: fields.uint(4),
      nonce: fields.bytes(5, NONCE_BYTES),
      time: fields.uint(6),
    };
  });
}

/**
 * Vendor: signature, recipient, time and nonce, in this order. That the manager manages the device is the ledger's to say.
 *
 * @throws {@link ExchangeError} EXCHANGE_BAD_SIGNATURE, EXCHANGE_WRONG_RECIPIENT, EXCHANGE_STALE, EXCHANGE_REPLAYED
 */
export function verifyRenewalRequest(
  message: Unverified<RenewalRequest>,
  expected: {
    /** PU_j of the manager that the claim names, from the ledger. */
    readonly managerKey: Uint8Array;
    /** Own id. */
    readonly vendor: string;
    readonly freshness: Freshness;
  },
): RenewalRequest {
  const request = verifyMessage('renewal-request', message, expected.managerKey);
  if (request.vendor !== expected.vendor) {
    throw new ExchangeError(
      'EXCHANGE_WRONG_RECIPIENT',
      `renewal request for "${request.vendor}", received by "${expected.vendor}"`,
    );
  }
  const { nonces, now } = expected.freshness;
  nonces.admit(request.manager, request.nonce, request.time, now);
  return request;
}
