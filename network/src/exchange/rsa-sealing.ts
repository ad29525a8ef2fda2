/**
 * Sealing to an RSA key: RSA-OAEP carries a fresh AES-256 key, which seals the text and what is bound to it. The key seals once,
 * so its nonce is zero.
 */
import { randomBytes } from 'node:crypto';

import { nodeAeads } from '@lamplighter/sdk/node';

import { oaepDecrypt, oaepEncrypt, rsaPublicKey, rsaSecretKey } from './rsa.ts';

const KEY_BYTES = 32;
const NONCE = new Uint8Array(12);
const aes = nodeAeads['aes-256-gcm'];

/** What HPKE has, too: an encapsulated key, here as long as the modulus, and the sealed text. */
export interface RsaSealed {
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/**
 * @param label purpose and parties, as HPKE's info
 * @throws ExchangeError EXCHANGE_KEY_REFUSED
 */
export function rsaSeal(
  publicKey: Uint8Array,
  label: Uint8Array,
  associated: Uint8Array,
  text: Uint8Array,
): RsaSealed {
  const recipient = rsaPublicKey(publicKey);
  const key = new Uint8Array(randomBytes(KEY_BYTES));
  const ciphertext = aes(key, NONCE, associated).encrypt(text);
  const enc = oaepEncrypt(recipient, label, key);
  key.fill(0);
  return { enc, ciphertext };
}

/** @throws Error when it does not open; ExchangeError EXCHANGE_KEY_REFUSED for an own key that is none */
export function rsaUnseal(
  secretKey: Uint8Array,
  label: Uint8Array,
  associated: Uint8Array,
  sealed: RsaSealed,
): Uint8Array {
  const key = oaepDecrypt(rsaSecretKey(secretKey), label, sealed.enc);
  return aes(key, NONCE, associated).decrypt(sealed.ciphertext);
}
