/** Keys of the vendors and managers that the exchange's tests are about. */
import { createHash } from 'node:crypto';

import { ed25519PublicKey } from '@lamplighter/sdk/crypto';

import { NonceMemory, type Freshness } from '../../../network/src/exchange/index.ts';

export const NOW = 1_800_000_000;

export interface KeyPair {
  readonly secret: Uint8Array;
  readonly public: Uint8Array;
}

export function keysOf(name: string): KeyPair {
  const secret = new Uint8Array(createHash('sha256').update(`seed of ${name}`).digest());
  return { secret, public: ed25519PublicKey(secret) };
}

export const NORTHLIGHT = keysOf('northlight');
export const HELIOS = keysOf('helios');
export const GATEWAY = keysOf('gateway-north');

export const nonce = (fill: number): Uint8Array => new Uint8Array(16).fill(fill);

export const fresh = (now = NOW, nonces = new NonceMemory()): Freshness => ({ now, nonces });

/** A copy with one bit changed. */
export function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
