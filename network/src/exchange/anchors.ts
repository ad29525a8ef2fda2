/**
 * Chain anchors (class L, protocol §3.3): before a vendor can sign an assignment it asks the manager for `[N, x_0]` of
 * each chain. `POST {manager url}/v1/anchors`, request signed by the vendor's release key, answer by the manager's
 * device-facing key (PU_j).
 */
import { createHash } from 'node:crypto';

import { encodeCbor, type ChainKey } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { NONCE_BYTES, type Freshness } from './freshness.ts';
import { Fields, grouped, malformed, ungrouped } from './shape.ts';
import { signMessage, splitMessage, verifyMessage, type Unverified } from './signed-message.ts';

/** Anchors asked for in one request at most. */
export const MAX_ANCHORS = 500;
const GROUPS = 8;

/** A chain of a device, for an epoch, by the hash of a suite (protocol §3.3). */
export interface ChainWish {
  readonly device: string;
  readonly epoch: number;
  readonly suite: number;
}

export interface AnchorRequest {
  readonly vendor: string;
  readonly manager: string;
  /** 1 to {@link MAX_ANCHORS}. */
  readonly items: readonly ChainWish[];
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Vendor: the body of the request. @param releaseKey the vendor's Ed25519 seed */
export function signAnchorRequest(request: AnchorRequest, releaseKey: Uint8Array): Uint8Array {
  if (request.items.length < 1 || request.items.length > MAX_ANCHORS) {
    throw new RangeError(`expected 1..${MAX_ANCHORS} anchors, got ${request.items.length}`);
  }
  const items = request.items.map((item) => [item.device, item.epoch, item.suite]);
  const payload = encodeCbor([
    1,
    request.vendor,
    request.manager,
    grouped(items),
    request.nonce,
    request.time,
  ]);
  return signMessage('anchor-request', payload, releaseKey);
}

/** Manager: splits a request; `claim.vendor` says whose key on the ledger must have signed it. */
export function readAnchorRequest(bytes: Uint8Array): Unverified<AnchorRequest> {
  return splitMessage('anchor-request', bytes, (payload) => {
    const fields = Fields.versioned('anchor request', payload, 6);
    const items = ungrouped('anchor request', fields.list(3, GROUPS)).map((item) => {
      const wish = new Fields('anchor request item', item, 3);
      return { device: wish.id(0), epoch: wish.uint(1, 0xffff_ffff), suite: wish.uint(2, 0xffff) };
    });
    if (items.length > MAX_ANCHORS) throw malformed('anchor request', 'too many devices');
    return {
      vendor: fields.id(1),
      manager: fields.id(2),
      items,
      nonce: fields.bytes(4, NONCE_BYTES),
      time: fields.uint(5),
    };
  });
}

/**
 * Manager: signature, recipient, time and nonce, in this order.
 *
 * @throws {@link ExchangeError} EXCHANGE_BAD_SIGNATURE, EXCHANGE_WRONG_RECIPIENT, EXCHANGE_STALE, EXCHANGE_REPLAYED
 */
export function verifyAnchorRequest(
  message: Unverified<AnchorRequest>,
  expected: {
    /** Release key of the vendor that the claim names, from the ledger. */
    readonly vendorKey: Uint8Array;
    /** Own id. */
    readonly manager: string;
    readonly freshness: Freshness;
  },
): AnchorRequest {
  const request = verifyMessage('anchor-request', message, expected.vendorKey);
  requireRecipient(request.manager, expected.manager);
  const { nonces, now } = expected.freshness;
  nonces.admit(request.vendor, request.nonce, request.time, now);
  return request;
}

/** Manager: the answer, anchors in the order of the request. @param signatureKey PU_j's Ed25519 seed */
export function signAnchorAnswer(
  request: Unverified<AnchorRequest>,
  anchors: readonly ChainKey[],
  signatureKey: Uint8Array,
): Uint8Array {
  if (anchors.length !== request.claim.items.length) {
    throw new RangeError(`expected ${request.claim.items.length} anchors, got ${anchors.length}`);
  }
  const items = anchors.map((anchor) => [anchor.length, anchor.anchor]);
  const payload = encodeCbor([1, sha256(request.payload), grouped(items)]);
  return signMessage('anchor-answer', payload, signatureKey);
}

/**
 * Vendor: the anchors, in the order of the request.
 *
 * @param request the bytes that were sent
 * @throws {@link ExchangeError} EXCHANGE_MALFORMED, EXCHANGE_BAD_SIGNATURE, EXCHANGE_MISMATCH
 */
export function openAnchorAnswer(
  bytes: Uint8Array,
  request: Uint8Array,
  managerKey: Uint8Array,
): readonly ChainKey[] {
  const asked = readAnchorRequest(request);
  const message = splitMessage('anchor-answer', bytes, readAnswer);
  const answer = verifyMessage('anchor-answer', message, managerKey);
  const same = Buffer.compare(answer.request, sha256(asked.payload)) === 0;
  if (!same || answer.anchors.length !== asked.claim.items.length) {
    throw new ExchangeError('EXCHANGE_MISMATCH', 'the anchors answer another request');
  }
  return answer.anchors;
}

interface AnchorAnswer {
  readonly request: Uint8Array;
  readonly anchors: readonly ChainKey[];
}

function readAnswer(payload: Uint8Array): AnchorAnswer {
  const fields = Fields.versioned('anchor answer', payload, 3);
  const anchors = ungrouped('anchor answer', fields.list(2, GROUPS)).map((item) => {
    const pair = new Fields('anchor answer item', item, 2);
    return { length: pair.uint(0, 65_536), anchor: pair.bytes(1, 32) };
  });
  return { request: fields.bytes(1, 32), anchors };
}

function requireRecipient(named: string, own: string): void {
  if (named !== own) {
    throw new ExchangeError(
      'EXCHANGE_WRONG_RECIPIENT',
      `made for "${named}", received by "${own}"`,
    );
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
