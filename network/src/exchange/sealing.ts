/**
 * Sealing to a manager's `sealingKey`: HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
 * `info` names purpose, sender and recipient, so what was sealed for one relation opens in no other. Hides @hpke/core.
 */
import type { webcrypto } from 'node:crypto';

import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

import { ExchangeError } from './exchange-error.ts';

/** Raw X25519 keys, 32 bytes each. */
export interface SealingKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** Who seals what for whom. */
export interface SealingContext {
  readonly purpose: string;
  readonly sender: string;
  readonly recipient: string;
  /** Bound to the text without being in it. */
  readonly associated: Uint8Array;
}

export interface Sealed {
  /** Encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
});

export async function newSealingKeyPair(): Promise<SealingKeyPair> {
  const pair = (await suite.kem.generateKeyPair()) as webcrypto.CryptoKeyPair;
  return {
    publicKey: new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)),
    secretKey: new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey)),
  };
}

export async function seal(
  context: SealingContext,
  publicKey: Uint8Array,
  text: Uint8Array,
): Promise<Sealed> {
  const recipientPublicKey = await importKey(publicKey, 'public');
  const sealed = await suite.seal(
    { recipientPublicKey, info: infoOf(context) },
    text,
    context.associated,
  );
  return { enc: new Uint8Array(sealed.enc), ciphertext: new Uint8Array(sealed.ct) };
}

/** @throws {@link ExchangeError} EXCHANGE_UNSEALING_FAILED */
export async function unseal(
  context: SealingContext,
  secretKey: Uint8Array,
  sealed: Sealed,
): Promise<Uint8Array> {
  const recipientKey = await importKey(secretKey, 'private');
  try {
    const text = await suite.open(
      { recipientKey, enc: sealed.enc, info: infoOf(context) },
      sealed.ciphertext,
      context.associated,
    );
    return new Uint8Array(text);
  } catch (error) {
    throw new ExchangeError(
      'EXCHANGE_UNSEALING_FAILED',
      `${context.purpose} from ${context.sender} does not open with the key of ${context.recipient}`,
      { cause: error },
    );
  }
}

function infoOf(context: SealingContext): Uint8Array {
  return Buffer.from(
    `lamplighter.v1 hpke ${context.purpose}\0${context.sender}\0${context.recipient}`,
    'ascii',
  );
}

/** @throws {RangeError} when the key is not 32 bytes, that is, when the ledger or own key file is wrong */
async function importKey(
  key: Uint8Array,
  kind: 'public' | 'private',
): Promise<webcrypto.CryptoKey> {
  if (key.length !== 32) throw new RangeError(`expected a key of 32 bytes, got ${key.length}`);
  return kind === 'public'
    ? ((await suite.kem.deserializePublicKey(key)) as webcrypto.CryptoKey)
    : ((await suite.kem.deserializePrivateKey(key)) as webcrypto.CryptoKey);
}
