/** The catalogue's shape around an AEAD of @noble/ciphers: one error when a tag is not right, and no state between calls. */
import { abytes } from '@noble/ciphers/utils.js';
import { CryptoError } from './errors.ts';
import type { Aead, AeadAlgorithm } from './primitives.ts';

/** As @noble/ciphers has it: good for one message. */
export type NobleAead = (key: Uint8Array, nonce: Uint8Array, associatedData?: Uint8Array) => Aead;

/** Lengths in bytes. */
export interface AeadSizes {
  /** Lengths that a key may have, the usual one first. */
  readonly keys: readonly [number, ...number[]];
  readonly nonce: number;
  /** Shortest nonce, where others than `nonce` are taken. @default `nonce`, and no other */
  readonly shortestNonce?: number;
}

const TAG_BYTES = 16;
const NOTHING = new Uint8Array(0);

function checkKey(key: Uint8Array, { keys }: AeadSizes): void {
  const expected = keys.find((bytes) => bytes === abytes(key, undefined, 'key').length) ?? keys[0];
  abytes(key, expected, 'key');
}

function checkNonce(nonce: Uint8Array, sizes: AeadSizes): void {
  if (sizes.shortestNonce === undefined) {
    abytes(nonce, sizes.nonce, 'nonce');
  } else if (abytes(nonce, undefined, 'nonce').length < sizes.shortestNonce) {
    throw new RangeError(
      `"nonce" expected at least ${sizes.shortestNonce} bytes, got ${nonce.length}`,
    );
  }
}

/** @param begin - makes the cipher of one message */
export function nobleAead(begin: NobleAead, sizes: AeadSizes): AeadAlgorithm {
  const algorithm = (
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array = NOTHING,
  ): Aead => {
    checkKey(key, sizes);
    checkNonce(nonce, sizes);
    abytes(associatedData, undefined, 'associatedData');
    return {
      encrypt: (plaintext) => begin(key, nonce, associatedData).encrypt(plaintext),
      decrypt(sealed) {
        abytes(sealed, undefined, 'sealed');
        try {
          return begin(key, nonce, associatedData).decrypt(sealed);
        } catch (error) {
          throw new CryptoError('AEAD_REFUSED', 'the sealed bytes do not open', { cause: error });
        }
      },
    };
  };
  return Object.assign(algorithm, {
    keyBytes: sizes.keys[0],
    nonceBytes: sizes.nonce,
    tagBytes: TAG_BYTES,
  });
}
