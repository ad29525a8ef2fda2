/** What a vendor asks of a management node, over HTTP. */
import { randomBytes } from 'node:crypto';

import type { ChainKey } from '@lamplighter/sdk/wire';

import { openAnchorAnswer, signAnchorRequest, type AnchorRequest } from './anchors.ts';
import { fetchBounded } from './fetch.ts';
import { NONCE_BYTES } from './freshness.ts';

/** Who asks whom. */
export interface VendorParty {
  /** Own id. */
  readonly vendor: string;
  /** Own release key: Ed25519 seed. */
  readonly releaseKey: Uint8Array;
  readonly manager: string;
  /** The manager's device-facing key, from the ledger. */
  readonly managerKey: Uint8Array;
  /** The manager's base URL, from the ledger. */
  readonly url: string;
  readonly signal?: AbortSignal;
}

/** 500 anchors of 40 bytes, and what is around them. */
const ANSWER_BYTES = 65_536;

/** Chain anchors in the order of `items`, 1 to 500. @throws ExchangeError */
export async function requestAnchors(
  party: VendorParty,
  items: AnchorRequest['items'],
): Promise<readonly ChainKey[]> {
  const { vendor, manager } = party;
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const time = Math.floor(Date.now() / 1_000);
  const body = signAnchorRequest({ vendor, manager, items, nonce, time }, party.releaseKey);
  const signal = party.signal === undefined ? {} : { signal: party.signal };
  const options = { body, limitBytes: ANSWER_BYTES, ...signal };
  const answer = await fetchBounded(`${party.url}/v1/anchors`, options);
  return openAnchorAnswer(answer, body, party.managerKey);
}
