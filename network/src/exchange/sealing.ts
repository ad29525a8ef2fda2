/**
 * Sealing to a manager's `sealingKey`: HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, or
 * RSA-OAEP when the key is an RSA key in DER. `info` names purpose, sender and recipient, so what was sealed for one relation
 * opens in no other. Hides @hpke/core.
 */
import type { webcrypto } from 'node:crypto';

import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

import { ExchangeError } from './exchange-error.ts';
import { rsaSeal, rsaUnseal } from './rsa-sealing.ts';
import { isRsaLength } from './rsa.ts';
import type { Fields } from './shape.ts';

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
  /** Encapsulated key: 32 bytes, with RSA as many as the modulus has. */
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const RAW_KEY_BYTES = 32;

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

/** The encapsulated key in a message. @throws {@link ExchangeError} EXCHANGE_MALFORMED */
export function encapsulatedKey(fields: Fields, index: number): Uint8Array {
  const fits = (length: number): boolean => length === RAW_KEY_BYTES || isRsaLength(length);
  return fields.bytesWhere(index, fits, 'an encapsulated key');
}

/**
 * @param publicKey the recipient's: X25519, 32 bytes, or RSA as DER
 * @throws {@link ExchangeError} EXCHANGE_KEY_REFUSED for an RSA key of less than 3072 bits, or another key
 */
export async function seal(
  context: SealingContext,
  publicKey: Uint8Array,
  text: Uint8Array,
): Promise<Sealed> {
  if (publicKey.length !== RAW_KEY_BYTES) {
    return rsaSeal(publicKey, infoOf(context), context.associated, text);
  }
  const recipientPublicKey = await importKey(publicKey, 'public');
  const sealed = await suite.seal(
    { recipientPublicKey, info: infoOf(context) },
    text,
    context.associated,
  );
  return { enc: new Uint8Array(sealed.enc), ciphertext: new Uint8Array(sealed.ct) };
}

/**
 * @param secretKey own: X25519, 32 bytes, or RSA as DER
 * @throws {@link ExchangeError} EXCHANGE_UNSEALING_FAILED, EXCHANGE_KEY_REFUSED for a key that is neither
 */
export async function unseal(
  context: SealingContext,
  secretKey: Uint8Array,
  sealed: Sealed,
): Promise<Uint8Array> {
  const open = secretKey.length === RAW_KEY_BYTES ? hpkeUnseal : rsaUnsealed;
  try {
    return await open(context, secretKey, sealed);
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    throw new ExchangeError(
      'EXCHANGE_UNSEALING_FAILED',
      `${context.purpose} from ${context.sender} does not open with the key of ${context.recipient}`,
      { cause: error },
    );
  }
}

async function hpkeUnseal(
  context: SealingContext,
  secretKey: Uint8Array,
  sealed: Sealed,
): Promise<Uint8Array> {
  const recipientKey = await importKey(secretKey, 'private');
  const text = await suite.open(
    { recipientKey, enc: sealed.enc, info: infoOf(context) },
    sealed.ciphertext,
    context.associated,
  );
  return new Uint8Array(text);
}

function rsaUnsealed(context: SealingContext, secretKey: Uint8Array, sealed: Sealed): Uint8Array {
  return rsaUnseal(secretKey, infoOf(context), context.associated, sealed);
}

function infoOf(context: SealingContext): Uint8Array {
  return Buffer.from(
    `lamplighter.v1 hpke ${context.purpose}\0${context.sender}\0${context.recipient}`,
    'ascii',
  );
}

async function importKey(
  key: Uint8Array,
  kind: 'public' | 'private',
): Promise<webcrypto.CryptoKey> {
  return kind === 'public'
    ? ((await suite.kem.deserializePublicKey(key)) as webcrypto.CryptoKey)
    : ((await suite.kem.deserializePrivateKey(key)) as webcrypto.CryptoKey);
}
