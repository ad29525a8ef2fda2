/**
 * Ascon-AEAD128 (NIST SP 800-232 §4, final of August 2025; not Ascon v1.2, whose byte order and initial value are others).
 * Key, nonce and tag have 16 bytes. A nonce is never used twice under one key, and a key for at most 2^54 bytes.
 */
import { abytes } from '@noble/ciphers/utils.js';
import {
  addBytes,
  addWord,
  P12,
  P8,
  permute,
  readWord,
  STATE_INTEGERS,
} from './ascon-permutation.ts';
import { CryptoError } from './errors.ts';
import type { Aead, AeadAlgorithm } from './primitives.ts';
import { readLittle32, writeLittle32 } from './words.ts';

const KEY_BYTES = 16;
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const RATE = 16;
/** §4.1.1: 0x00001000808c0001. */
const IV_LOW = 0x808c0001;
const IV_HIGH = 0x00001000;
/** In the odd places of a word: its bit 63 (§4.1.2, domain separation). */
const TOP_BIT = 0x80000000;

// One message at a time, and nothing waits in between: scratch that is empty again when a call returns.
const state = new Int32Array(STATE_INTEGERS);
const last = new Uint8Array(RATE);

function wipe(): void {
  // Loops: for so few, `fill` takes ten times as long.
  for (let at = 0; at < STATE_INTEGERS; at += 1) state[at] = 0;
  for (let at = 0; at < RATE; at += 1) last[at] = 0;
}

/** Exclusive-ors a block of 16 bytes into the rate. */
function addBlock(bytes: Uint8Array, at: number): void {
  addBytes(state, 0, bytes, at);
  addBytes(state, 1, bytes, at + 8);
}

/** The rate, into 16 bytes. */
function readRate(bytes: Uint8Array, at: number): void {
  readWord(state, 0, bytes, at);
  readWord(state, 1, bytes, at + 8);
}

/** The bytes from `from` on, fewer than a block, and the bit that ends them (§2.1). */
function padded(bytes: Uint8Array, from: number, end: number): Uint8Array {
  const count = end - from;
  for (let at = 0; at < RATE; at += 1) last[at] = at < count ? (bytes[from + at] as number) : 0;
  last[count] = 1;
  return last;
}

/** §4.1.1 and §4.1.2: key, nonce, associated data. */
function begin(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array): void {
  wipe();
  addWord(state, 0, IV_LOW, IV_HIGH);
  addBytes(state, 1, key, 0);
  addBytes(state, 2, key, 8);
  addBytes(state, 3, nonce, 0);
  addBytes(state, 4, nonce, 8);
  permute(state, P12);
  addBytes(state, 3, key, 0);
  addBytes(state, 4, key, 8);
  const length = associatedData.length;
  if (length > 0) {
    let at = 0;
    for (; at + RATE <= length; at += RATE) {
      addBlock(associatedData, at);
      permute(state, P8);
    }
    addBlock(padded(associatedData, at, length), 0);
    permute(state, P8);
  }
  state[9] = (state[9] as number) ^ TOP_BIT;
}

/** §4.1.4: the tag is the last two words of the state then. */
function finish(key: Uint8Array): void {
  addBytes(state, 2, key, 0);
  addBytes(state, 3, key, 8);
  permute(state, P12);
  addBytes(state, 3, key, 0);
  addBytes(state, 4, key, 8);
}

/** Zero when the tag is the one at `at`; always all of it is looked at. */
function tagDifference(sealed: Uint8Array, at: number): number {
  readWord(state, 3, last, 0);
  readWord(state, 4, last, 8);
  let difference = 0;
  for (let index = 0; index < TAG_BYTES; index += 1) {
    difference |= (last[index] as number) ^ (sealed[at + index] as number);
  }
  return difference;
}

/** §4.1.3 */
function encryptInto(plaintext: Uint8Array, sealed: Uint8Array): void {
  const length = plaintext.length;
  let at = 0;
  for (; at + RATE <= length; at += RATE) {
    addBlock(plaintext, at);
    readRate(sealed, at);
    permute(state, P8);
  }
  addBlock(padded(plaintext, at, length), 0);
  readRate(last, 0);
  for (let index = at; index < length; index += 1) sealed[index] = last[index - at] as number;
}

/** §4.2.3 */
function decryptInto(sealed: Uint8Array, plaintext: Uint8Array): void {
  const length = plaintext.length;
  let at = 0;
  for (; at + RATE <= length; at += RATE) {
    readRate(plaintext, at);
    for (let word = at; word < at + RATE; word += 4) {
      writeLittle32(plaintext, word, readLittle32(sealed, word) ^ readLittle32(plaintext, word));
    }
    // The rate exclusive-or the text is the ciphertext, which the rate becomes.
    addBlock(plaintext, at);
    permute(state, P8);
  }
  readRate(last, 0);
  for (let index = at; index < length; index += 1) {
    plaintext[index] = (sealed[index] as number) ^ (last[index - at] as number);
  }
  addBlock(padded(plaintext, at, length), 0);
}

function encrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  begin(key, nonce, associatedData);
  encryptInto(plaintext, sealed);
  finish(key);
  const end = plaintext.length;
  readWord(state, 3, sealed, end);
  readWord(state, 4, sealed, end + 8);
  wipe();
  return sealed;
}

function refused(): CryptoError {
  return new CryptoError('AEAD_REFUSED', 'the sealed bytes do not open');
}

function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) throw refused();
  const plaintext = new Uint8Array(length);
  begin(key, nonce, associatedData);
  decryptInto(sealed, plaintext);
  finish(key);
  const difference = tagDifference(sealed, length);
  wipe();
  if (difference === 0) return plaintext;
  plaintext.fill(0);
  throw refused();
}

const NOTHING = new Uint8Array(0);

/**
 * Ascon-AEAD128, the tag at the end.
 *
 * @param key - 16 bytes
 * @param nonce - 16 bytes, never twice under one key
 * @param associatedData - bound to the text without being in it
 * @throws {@link TypeError} for another type, {@link RangeError} for another length
 * @example
 * Seal, and open what was sealed.
 * ```ts
 * const sealed = asconAead128(key, nonce, header).encrypt(text);
 * const opened = asconAead128(key, nonce, header).decrypt(sealed);
 * ```
 */
export const asconAead128: AeadAlgorithm = Object.assign(
  (key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array = NOTHING): Aead => {
    abytes(key, KEY_BYTES, 'key');
    abytes(nonce, NONCE_BYTES, 'nonce');
    abytes(associatedData, undefined, 'associatedData');
    return {
      encrypt: (plaintext) =>
        encrypt(key, nonce, associatedData, abytes(plaintext, undefined, 'plaintext')),
      decrypt: (sealed) => decrypt(key, nonce, associatedData, abytes(sealed, undefined, 'sealed')),
    };
  },
  { keyBytes: KEY_BYTES, nonceBytes: NONCE_BYTES, tagBytes: TAG_BYTES },
);
