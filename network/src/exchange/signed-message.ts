/**
 * The outer form of everything nodes say to each other: `[payload: bstr, signature: bstr]`, over "lamplighter.v1 exchange " ||
 * purpose || 0x00 || payload; Ed25519 by a key of 32 bytes, RSA-PSS by an RSA key in DER. The purpose keeps a signature from serving elsewhere;
 * "exchange" keeps it apart from the device protocol's domains (protocol §7.1). The payload is verified as received.
 */
import { ED25519_SIGNATURE_BYTES, ed25519Sign, ed25519Verify } from '@lamplighter/sdk/crypto';
import { decodeCbor, encodeCbor, type CborValue } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { isRsaLength, pssSign, pssVerify, rsaPublicKey, rsaSecretKey } from './rsa.ts';
import { Fields } from './shape.ts';

const RAW_KEY_BYTES = 32;

export type Purpose =
  | 'anchor-request'
  | 'anchor-answer'
  | 'assignment'
  | 'renewal-request'
  | 'update-request'
  | 'update-answer'
  | 'fetch';

/** A message whose signature nobody has looked at: `claim` serves to find the key of whoever it claims to be from. */
export interface Unverified<T> {
  readonly claim: T;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * @param secretKey Ed25519 seed, 32 bytes, or RSA as PKCS#8
 * @throws {@link ExchangeError} EXCHANGE_KEY_REFUSED for an RSA key of less than 3072 bits, or another key
 */
export function signMessage(
  purpose: Purpose,
  payload: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  const signed = signedBytes(purpose, payload);
  const isRaw = secretKey.length === RAW_KEY_BYTES;
  const signature = isRaw
    ? ed25519Sign(secretKey, signed)
    : pssSign(rsaSecretKey(secretKey), signed);
  return encodeCbor([payload, signature]);
}

/** Splits a message without trusting it. @throws {@link ExchangeError} EXCHANGE_MALFORMED */
export function splitMessage<T>(
  purpose: Purpose,
  bytes: Uint8Array,
  read: (payload: Uint8Array) => T,
): Unverified<T> {
  let value: CborValue;
  try {
    value = decodeCbor(bytes);
  } catch (error) {
    throw new ExchangeError('EXCHANGE_MALFORMED', `${purpose}: not deterministic CBOR`, {
      cause: error,
    });
  }
  const outer = new Fields(purpose, value, 2);
  const payload = outer.bytes(0);
  const fits = (length: number): boolean =>
    length === ED25519_SIGNATURE_BYTES || isRsaLength(length);
  return { claim: read(payload), payload, signature: outer.bytesWhere(1, fits, 'a signature') };
}

/**
 * @param publicKey the sender's: Ed25519, 32 bytes, or RSA as SubjectPublicKeyInfo
 * @throws {@link ExchangeError} EXCHANGE_BAD_SIGNATURE; EXCHANGE_KEY_REFUSED for a key that is neither
 */
export function verifyMessage<T>(
  purpose: Purpose,
  message: Unverified<T>,
  publicKey: Uint8Array,
): T {
  const signed = signedBytes(purpose, message.payload);
  const isRaw = publicKey.length === RAW_KEY_BYTES;
  const isRight = isRaw
    ? ed25519Verify(publicKey, signed, message.signature)
    : pssVerify(rsaPublicKey(publicKey), signed, message.signature);
  if (!isRight) {
    throw new ExchangeError(
      'EXCHANGE_BAD_SIGNATURE',
      `${purpose}: the signature is not the claimed sender's`,
    );
  }
  return message.claim;
}

function signedBytes(purpose: Purpose, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`lamplighter.v1 exchange ${purpose}\0`, 'ascii'), payload]);
}
