/**
 * Ascon-Hash256, Ascon-XOF128 and Ascon-CXOF128 (NIST SP 800-232 §5, final of August 2025; not those of Ascon v1.2). Bytes
 * only, a rate of 8, twelve rounds throughout.
 */
import { abytes } from '@noble/hashes/utils.js';
import { addBytes, addWord, P12, permute, readWord, STATE_INTEGERS } from './ascon-permutation.ts';
import { blockHash, type HashRounds } from './block-hash.ts';
import type { Hash, Xof } from './primitives.ts';
import { writeLittle32 } from './words.ts';
import { xofLength } from './xof-length.ts';

const RATE = 8;
const DIGEST_BYTES = 32;
/** §5.3: most bytes of a customization string, 2048 bits. */
const CUSTOMIZATION_BYTES = 256;
const NO_BYTES = new Uint8Array(0);

/** The state after an initial value was permuted: the same for every message, so it is computed once (§5, table 12). */
function begun(low: number, high: number): Int32Array {
  const begin = new Int32Array(STATE_INTEGERS);
  addWord(begin, 0, low, high);
  permute(begin, P12);
  return begin;
}

const HASH = begun(0x00cc0002, 0x00000801);
const XOF = begun(0x00cc0003, 0x00000800);
const CXOF = begun(0x00cc0004, 0x00000800);

class Sponge implements HashRounds {
  readonly #state: Int32Array;
  readonly #bytes: number;

  /** @param bytes - to squeeze, at the end */
  constructor(begin: Int32Array, bytes: number) {
    this.#state = begin.slice();
    this.#bytes = bytes;
  }

  compress(bytes: Uint8Array, at: number): void {
    addBytes(this.#state, 0, bytes, at);
    permute(this.#state, P12);
  }

  finish(rest: Uint8Array, count: number): Uint8Array {
    this.#pad(rest, count);
    return this.#squeeze();
  }

  /** A string of its own, padded (§5.3). */
  absorb(bytes: Uint8Array): void {
    const rest = new Uint8Array(RATE);
    const whole = this.#absorbWhole(bytes);
    rest.set(bytes.subarray(whole));
    this.#pad(rest, bytes.length - whole);
  }

  squeezed(message: Uint8Array): Uint8Array {
    this.absorb(message);
    return this.#squeeze();
  }

  #absorbWhole(bytes: Uint8Array): number {
    let at = 0;
    for (; at + RATE <= bytes.length; at += RATE) this.compress(bytes, at);
    return at;
  }

  #pad(rest: Uint8Array, count: number): void {
    rest.fill(0, count);
    rest[count] = 1;
    this.compress(rest, 0);
  }

  #squeeze(): Uint8Array {
    const state = this.#state;
    // Whole blocks are written, and what is too much is left behind in the buffer.
    const blocks = new Uint8Array(Math.ceil(this.#bytes / RATE) * RATE);
    for (let at = 0; at < blocks.length; at += RATE) {
      if (at > 0) permute(state, P12);
      readWord(state, 0, blocks, at);
    }
    state.fill(0);
    return blocks.length === this.#bytes ? blocks : blocks.slice(0, this.#bytes);
  }
}

/**
 * Ascon-Hash256: 32 bytes, with 128 bits of security against collisions.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = asconHash256(message);
 * ```
 */
export const asconHash256: Hash = blockHash(
  DIGEST_BYTES,
  RATE,
  () => new Sponge(HASH, DIGEST_BYTES),
);

/**
 * Ascon-XOF128: as many bytes as asked for, at least one; more of them begin with fewer.
 *
 * @throws {@link TypeError} when the message is no Uint8Array, {@link RangeError} for a bad number of bytes
 * @example
 * Sixteen bytes.
 * ```ts
 * const bytes = asconXof128(message, 16);
 * ```
 */
export const asconXof128: Xof = (message, bytes, customization) => {
  abytes(message, undefined, 'message');
  return new Sponge(XOF, xofLength('Ascon-XOF128', bytes, customization)).squeezed(message);
};

/**
 * Ascon-CXOF128: as {@link asconXof128}, apart for each customization string.
 *
 * @param customization - up to 256 bytes
 * @throws {@link TypeError} for another type than Uint8Array, {@link RangeError} for a bad length
 * @example
 * Thirty-two bytes that no other use of the same message has.
 * ```ts
 * const bytes = asconCxof128(message, 32, asciiBytes('lamplighter.v1'));
 * ```
 */
export const asconCxof128: Xof = (message, bytes, customization = NO_BYTES) => {
  abytes(message, undefined, 'message');
  xofLength('Ascon-CXOF128', bytes);
  const length = abytes(customization, undefined, 'customization').length;
  if (length > CUSTOMIZATION_BYTES) {
    throw new RangeError(`"customization" expected up to 256 bytes, got ${length}`);
  }
  const sponge = new Sponge(CXOF, bytes);
  // §5.3: the length in bits as a block of its own, then the string.
  const bits = new Uint8Array(RATE);
  writeLittle32(bits, 0, length * 8);
  sponge.compress(bits, 0);
  sponge.absorb(customization);
  return sponge.squeezed(message);
};
