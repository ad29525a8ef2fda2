/**
 * EAX (Bellare, Rogaway, Wagner: The EAX Mode of Operation, FSE 2004) over any block cipher of the catalogue. The tag is a
 * whole block: 8 bytes for a cipher with blocks of 64 bits (docs/protocol.md §4). A nonce has any length and never comes twice
 * under one key; what one key may do in all is for its user to count (docs/protocol.md §5).
 */
import { abytes } from '@noble/ciphers/utils.js';
import { equalBytes } from '../wire/bytes.ts';
import { CmacKey } from './cmac.ts';
import { ctr } from './ctr.ts';
import { CryptoError } from './errors.ts';
import type { Aead, AeadAlgorithm, BlockCipher, BlockCipherAlgorithm } from './primitives.ts';

const NONE = new Uint8Array(0);

/** OMAC's tweaks. */
const NONCE = 0;
const ASSOCIATED_DATA = 1;
const CIPHERTEXT = 2;

/** A key of EAX, its schedule and subkeys computed once. */
export type EaxKey = (nonce: Uint8Array, associatedData?: Uint8Array) => Aead;

/** Under a cipher that has its key. */
export function eaxKey(cipher: BlockCipher): EaxKey {
  const macs = new CmacKey(cipher);
  const { blockBytes } = cipher;

  return (nonce, associatedData = NONE) => {
    const counter = macs.tweakedTag(NONCE, abytes(nonce, undefined, 'nonce'));
    const header = macs.tweakedTag(
      ASSOCIATED_DATA,
      abytes(associatedData, undefined, 'associatedData'),
    );

    function tagOf(ciphertext: Uint8Array): Uint8Array {
      const tag = macs.tweakedTag(CIPHERTEXT, ciphertext);
      for (let at = 0; at < blockBytes; at += 1) {
        tag[at] = (tag[at] as number) ^ (counter[at] as number) ^ (header[at] as number);
      }
      return tag;
    }

    return {
      encrypt(plaintext) {
        const ciphertext = ctr(cipher, counter, plaintext);
        const sealed = new Uint8Array(ciphertext.length + blockBytes);
        sealed.set(ciphertext);
        sealed.set(tagOf(ciphertext), ciphertext.length);
        return sealed;
      },
      decrypt(sealed) {
        const { length } = abytes(sealed, undefined, 'sealed');
        if (length < blockBytes) {
          throw new CryptoError(
            'AEAD_REFUSED',
            `expected at least ${blockBytes} bytes, got ${length}`,
          );
        }
        const ciphertext = sealed.subarray(0, length - blockBytes);
        const isRight = equalBytes(tagOf(ciphertext), sealed.subarray(length - blockBytes));
        // Decrypted either way, so that a refusal takes the time of an acceptance.
        const plaintext = ctr(cipher, counter, ciphertext);
        if (isRight) return plaintext;
        plaintext.fill(0);
        throw new CryptoError('AEAD_REFUSED', 'the tag is not the one of these bytes');
      },
    };
  };
}

/**
 * EAX over a block cipher, in the form of the catalogue.
 *
 * @example
 * ```ts
 * import { eax } from '@lamplighter/sdk/crypto/eax';
 * import { speck64_128 } from '@lamplighter/sdk/crypto/speck';
 *
 * const sealed = eax(speck64_128)(key, nonce, associatedData).encrypt(plaintext);
 * ```
 */
export function eax(algorithm: BlockCipherAlgorithm): AeadAlgorithm {
  const under = (key: Uint8Array): EaxKey => eaxKey(algorithm(key));
  const aead = (key: Uint8Array, nonce: Uint8Array, associatedData?: Uint8Array): Aead =>
    under(key)(nonce, associatedData);
  const { keyBytes, blockBytes } = algorithm;
  return Object.assign(aead, { keyBytes, nonceBytes: blockBytes, tagBytes: blockBytes, under });
}
