/**
 * The outer form of everything nodes say to each other: `[payload: bstr, signature: bstr .size 64]`, Ed25519 over
 * "lamplighter.v1 exchange " || purpose || 0x00 || payload. The purpose keeps a signature from serving elsewhere;
 * "exchange" keeps it apart from the device protocol's domains (protocol §7.1). The payload is verified as received.
 */
import { ed25519Sign, ed25519Verify } from '@lamplighter/sdk/crypto';
import { decodeCbor, encodeCbor, type CborValue } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { Fields } from './shape.ts';

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

/** @param secretKey Ed25519 seed, 32 bytes */
export function signMessage(
  purpose: Purpose,
  payload: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  return encodeCbor([payload, ed25519Sign(secretKey, signedBytes(purpose, payload))]);
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
  return { claim: read(payload), payload, signature: outer.bytes(1, 64) };
}

/** @throws {@link ExchangeError} EXCHANGE_BAD_SIGNATURE */
export function verifyMessage<T>(
  purpose: Purpose,
  message: Unverified<T>,
  publicKey: Uint8Array,
): T {
  if (!ed25519Verify(publicKey, signedBytes(purpose, message.payload), message.signature)) {
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
