/**
 * Update request, steps 4 to 7 (protocol §6.3): the manager asks the vendor on a device's behalf, signed by PU_j; the
 * vendor answers "current" or the release, signed by its release key and sealed to the manager's `sealingKey`.
 * `POST {vendor url}/v1/update-requests`.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

import { encodeCbor } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { NONCE_BYTES } from './freshness.ts';
import {
  verifyManagerMessage,
  type ManagerMessage,
  type ManagerMessageExpectation,
} from './manager-message.ts';
import { encapsulatedKey, seal, unseal, type SealingContext } from './sealing.ts';
import { Fields, malformed } from './shape.ts';
import { signMessage, splitMessage, verifyMessage, type Unverified } from './signed-message.ts';

export interface UpdateRequest extends ManagerMessage {
  readonly device: string;
  readonly model: string;
  /** What the device runs. */
  readonly gen: number;
  readonly seq: number;
  /** SHA-256 of the image, 32 bytes. */
  readonly sha256: Uint8Array;
}

/** `release` is the SHA-256 of the manifest payload (the ledger's release id), `envelope` the `signed` manifest. */
export type UpdateAnswer =
  | { readonly type: 'current' }
  | { readonly type: 'release'; readonly release: Uint8Array; readonly envelope: Uint8Array };

/** Manager, step 4. @param signatureKey PU_j's Ed25519 seed */
export function signUpdateRequest(request: UpdateRequest, signatureKey: Uint8Array): Uint8Array {
  const { manager, vendor, device, model, gen, seq, sha256, nonce, time } = request;
  const payload = encodeCbor([1, manager, vendor, device, model, gen, seq, sha256, nonce, time]);
  return signMessage('update-request', payload, signatureKey);
}

/** Vendor, step 5: splits a request; `claim.manager` says whose key on the ledger must have signed it. */
export function readUpdateRequest(bytes: Uint8Array): Unverified<UpdateRequest> {
  return splitMessage('update-request', bytes, (payload) => {
    const fields = Fields.versioned('update request', payload, 10);
    return {
      manager: fields.id(1),
      vendor: fields.id(2),
      device: fields.id(3),
      model: fields.id(4),
      gen: fields.uint(5),
      seq: fields.uint(6),
      sha256: fields.bytes(7, 32),
      nonce: fields.bytes(8, NONCE_BYTES),
      time: fields.uint(9),
    };
  });
}

/** Vendor, step 5: who asks and when. @throws {@link ExchangeError} as `verifyManagerMessage` */
export function verifyUpdateRequest(
  message: Unverified<UpdateRequest>,
  expected: ManagerMessageExpectation,
): UpdateRequest {
  return verifyManagerMessage('update-request', message, expected);
}

/** Vendor, step 6. @param keys.sealingKey the manager's, from the ledger; keys.releaseKey own Ed25519 seed */
export async function sealUpdateAnswer(
  request: Unverified<UpdateRequest>,
  answer: UpdateAnswer,
  keys: { readonly sealingKey: Uint8Array; readonly releaseKey: Uint8Array },
): Promise<Uint8Array> {
  const text =
    answer.type === 'current'
      ? encodeCbor([1, 0])
      : encodeCbor([1, 1, answer.release, answer.envelope]);
  const context = contextOf(request);
  const sealed = await seal(context, keys.sealingKey, text);
  const payload = encodeCbor([1, context.associated, sealed.enc, sealed.ciphertext]);
  return signMessage('update-answer', payload, keys.releaseKey);
}

/**
 * Manager, step 7: the vendor's signature, that it answers this very request, and the seal. The manifest inside is
 * checked as a device would check it (protocol §6.3: "M verifies all that D will verify"), by the caller.
 *
 * @param request the bytes that were sent
 * @throws {@link ExchangeError} EXCHANGE_MALFORMED, EXCHANGE_BAD_SIGNATURE, EXCHANGE_MISMATCH,
 *   EXCHANGE_UNSEALING_FAILED
 */
export async function openUpdateAnswer(
  bytes: Uint8Array,
  request: Uint8Array,
  keys: { readonly vendorKey: Uint8Array; readonly sealingSecretKey: Uint8Array },
): Promise<UpdateAnswer> {
  const context = contextOf(readUpdateRequest(request));
  const message = splitMessage('update-answer', bytes, readSealed);
  const answer = verifyMessage('update-answer', message, keys.vendorKey);
  if (!timingSafeEqual(answer.request, context.associated)) {
    throw new ExchangeError('EXCHANGE_MISMATCH', 'the update answer is for another request');
  }
  return readAnswer(await unseal(context, keys.sealingSecretKey, answer));
}

interface SealedAnswer {
  /** SHA-256 of the request's payload. */
  readonly request: Uint8Array;
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

function readSealed(payload: Uint8Array): SealedAnswer {
  const fields = Fields.versioned('update answer', payload, 4);
  return {
    request: fields.bytes(1, 32),
    enc: encapsulatedKey(fields, 2),
    ciphertext: fields.bytes(3),
  };
}

function readAnswer(text: Uint8Array): UpdateAnswer {
  // `[1, 0]` or `[1, 1, release, envelope]`: the first head tells the length.
  if (text[0] === 0x82) {
    if (Fields.versioned('update answer text', text, 2).uint(1) === 0) return { type: 'current' };
    throw malformed('update answer text', 'unknown kind of answer');
  }
  const fields = Fields.versioned('update answer text', text, 4);
  if (fields.uint(1) !== 1) throw malformed('update answer text', 'unknown kind of answer');
  return { type: 'release', release: fields.bytes(2, 32), envelope: fields.bytes(3) };
}

function contextOf(request: Unverified<UpdateRequest>): SealingContext {
  return {
    purpose: 'update-answer',
    sender: request.claim.vendor,
    recipient: request.claim.manager,
    associated: createHash('sha256').update(request.payload).digest(),
  };
}
