/**
 * RSA in place of HPKE and Ed25519 for nodes whose registered key is one, as the paper has it: RSA-OAEP and RSA-PSS (RFC 8017)
 * with SHA-256 and MGF1-SHA-256, salts of 32 bytes, by Node's own crypto. Keys of 3072 bits and up, as DER: SubjectPublicKeyInfo
 * and PKCS#8. No forward secrecy; an X25519 key is the better choice where there is one.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';

import { ExchangeError } from './exchange-error.ts';

/** Fewer are refused: 128 bits of strength (NIST SP 800-57). */
export const RSA_BITS_LEAST = 3072;
/** More are refused, since their operations take seconds. */
export const RSA_BITS_MOST = 8192;
const EXPONENT = 65_537n;
const SALT_BYTES = 32;

/** DER: SubjectPublicKeyInfo and PKCS#8. */
export interface RsaKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** Whether a signature or an encapsulated key has a length that RSA's have here. */
export function isRsaLength(bytes: number): boolean {
  return bytes >= RSA_BITS_LEAST / 8 && bytes <= RSA_BITS_MOST / 8;
}

/** @param bits from 3072 on @throws {@link ExchangeError} EXCHANGE_KEY_REFUSED */
export async function newRsaKeyPair(bits = RSA_BITS_LEAST): Promise<RsaKeyPair> {
  requireBits(bits);
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  return {
    publicKey: new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })),
    secretKey: new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' })),
  };
}

/** @throws {@link ExchangeError} EXCHANGE_KEY_REFUSED when it is no RSA key, or a small one */
export function rsaPublicKey(der: Uint8Array): KeyObject {
  return checked(() => createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }));
}

/** @throws {@link ExchangeError} EXCHANGE_KEY_REFUSED when it is no RSA key, or a small one */
export function rsaSecretKey(der: Uint8Array): KeyObject {
  return checked(() => createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
}

/** RSASSA-PSS. */
export function pssSign(key: KeyObject, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', message, pss(key)));
}

/** RSASSA-PSS; false for whatever is not a right signature. */
export function pssVerify(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', message, pss(key), signature);
}

/** RSAES-OAEP. @param label what the text is for; bound to it without being in it */
export function oaepEncrypt(key: KeyObject, label: Uint8Array, text: Uint8Array): Uint8Array {
  return new Uint8Array(publicEncrypt(oaep(key, label), text));
}

/** @throws Error when it does not open, the same for every reason */
export function oaepDecrypt(key: KeyObject, label: Uint8Array, sealed: Uint8Array): Uint8Array {
  return new Uint8Array(privateDecrypt(oaep(key, label), sealed));
}

interface PaddedKey {
  readonly key: KeyObject;
  readonly padding: number;
}

function pss(key: KeyObject): PaddedKey & { readonly saltLength: number } {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES };
}

function oaep(
  key: KeyObject,
  label: Uint8Array,
): PaddedKey & { readonly oaepHash: string; readonly oaepLabel: Buffer } {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return { key, padding, oaepHash: 'sha256', oaepLabel: Buffer.from(label) };
}

function checked(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new ExchangeError('EXCHANGE_KEY_REFUSED', 'expected an RSA key as DER', { cause: error });
  }
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa' || publicExponent !== EXPONENT) {
    throw new ExchangeError('EXCHANGE_KEY_REFUSED', 'expected an RSA key with exponent 65537');
  }
  requireBits(modulusLength);
  return key;
}

function requireBits(bits: number): void {
  if (bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST) return;
  throw new ExchangeError(
    'EXCHANGE_KEY_REFUSED',
    `expected an RSA key of ${RSA_BITS_LEAST} to ${RSA_BITS_MOST} bits, got ${bits}`,
  );
}
