/**
 * Counter mode (NIST SP 800-38A §6.5) over any block cipher of the catalogue. The whole block counts, big-endian, from the
 * counter given on. It authenticates nothing: use `eax`, or a MAC over what this returns.
 */
import { abytes } from '@noble/ciphers/utils.js';
import type { BlockCipher } from './primitives.ts';

/** Key stream computed at once; typed arrays up to this size cost little in V8. */
const STREAM_BYTES = 64;

/** Adds one to a counter, in the same steps whatever it is. */
function count(counter: Uint8Array): void {
  let carry = 1;
  for (let at = counter.length - 1; at >= 0; at -= 1) {
    const sum = (counter[at] as number) + carry;
    counter[at] = sum;
    carry = sum >>> 8;
  }
}

/** As {@link BlockCipher.encryptCounter}, for every cipher. */
function encryptCounter(
  cipher: BlockCipher,
  counter: Uint8Array,
  text: Uint8Array,
  result: Uint8Array,
): void {
  const { blockBytes } = cipher;
  const next = Uint8Array.from(counter);
  const stream = new Uint8Array(STREAM_BYTES);
  for (let at = 0; at < text.length; at += STREAM_BYTES) {
    for (let block = 0; block < STREAM_BYTES; block += blockBytes) {
      for (let byte = 0; byte < blockBytes; byte += 1) {
        stream[block + byte] = next[byte] as number;
      }
      count(next);
    }
    cipher.encryptBlocks(stream);
    const end = Math.min(text.length - at, STREAM_BYTES);
    for (let byte = 0; byte < end; byte += 1) {
      result[at + byte] = (text[at + byte] as number) ^ (stream[byte] as number);
    }
  }
  stream.fill(0);
}

/**
 * Encrypts, and decrypts what it encrypted.
 *
 * @param counter - the first counter block; no block may ever count twice under one key
 * @throws {@link RangeError} for a counter of another length than a block
 * @example
 * ```ts
 * import { ctr } from '@lamplighter/sdk/crypto/ctr';
 * import { speck64_128 } from '@lamplighter/sdk/crypto/speck';
 *
 * const cipher = speck64_128(key);
 * const ciphertext = ctr(cipher, counter, text);
 * ```
 */
export function ctr(cipher: BlockCipher, counter: Uint8Array, text: Uint8Array): Uint8Array {
  abytes(counter, cipher.blockBytes, 'counter');
  const result = new Uint8Array(abytes(text, undefined, 'text').length);
  if (cipher.encryptCounter !== undefined) cipher.encryptCounter(counter, text, result);
  else encryptCounter(cipher, counter, text, result);
  return result;
}
