/**
 * Renewal (protocol §3.3): a manager whose chain for a device comes to its end asks the vendor for a new assignment, signed by
 * PU_j. `POST {vendor url}/v1/renewals`. The answer says only that it is heard: the assignment comes by the ledger.
 */
import { encodeCbor } from '@lamplighter/sdk/wire';

import { NONCE_BYTES } from './freshness.ts';
import {
  verifyManagerMessage,
  type ManagerMessage,
  type ManagerMessageExpectation,
} from './manager-message.ts';
import { Fields } from './shape.ts';
import { signMessage, splitMessage, type Unverified } from './signed-message.ts';

export interface RenewalRequest extends ManagerMessage {
  readonly device: string;
  /** Of the assignment that is to be replaced. */
  readonly serial: number;
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

/** Vendor: who asks and when. @throws {@link ExchangeError} as `verifyManagerMessage` */
export function verifyRenewalRequest(
  message: Unverified<RenewalRequest>,
  expected: ManagerMessageExpectation,
): RenewalRequest {
  return verifyManagerMessage('renewal-request', message, expected);
}
