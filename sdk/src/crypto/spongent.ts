/**
 * SPONGENT with digests of 88, 128, 160, 224 and 256 bits, the variants of the smallest rate (Bogdanov and others: SPONGENT: A
 * Lightweight Hash Function, CHES 2011; IEEE Transactions on Computers 62(10), 2013). Bit-sliced: a word of the state becomes
 * one byte for each of the S-box's four inputs, and the S-box is 13 operations on words. No index and no branch hangs on what
 * is hashed, so that it may be a key. Collisions cost half the digest's bits: SPONGENT-88 resists 2^40 only.
 *
 * The layer P moves bit j of b to j * b/4 mod (b - 1), that is, bit 4n + i to n + i * b/4: what the S-box gives as its output i
 * for all nibbles n lies in a row afterwards. So P is to write four rows one after another.
 */
import { blockHash, type HashRounds } from './block-hash.ts';
import type { Hash } from './primitives.ts';

/** What differs between the variants. */
interface Variant {
  readonly digestBytes: number;
  readonly rateBytes: number;
  /** b, digest and rate together. */
  readonly stateBits: number;
  readonly rounds: number;
  /** The round counter, a shift register: its first value, its length and the bits that are fed back. */
  readonly counter: number;
  readonly counterBits: number;
  readonly taps: number;
}

const SPONGENT_88: Variant = {
  digestBytes: 11,
  rateBytes: 1,
  stateBits: 88,
  rounds: 45,
  counter: 0x05,
  counterBits: 6,
  taps: 0x30,
};

const SPONGENT_128: Variant = {
  digestBytes: 16,
  rateBytes: 1,
  stateBits: 136,
  rounds: 70,
  counter: 0x7a,
  counterBits: 7,
  taps: 0x60,
};

const SPONGENT_160: Variant = {
  digestBytes: 20,
  rateBytes: 2,
  stateBits: 176,
  rounds: 90,
  counter: 0x45,
  counterBits: 7,
  taps: 0x60,
};

const SPONGENT_224: Variant = {
  digestBytes: 28,
  rateBytes: 2,
  stateBits: 240,
  rounds: 120,
  counter: 0x01,
  counterBits: 7,
  taps: 0x60,
};

const SPONGENT_256: Variant = {
  digestBytes: 32,
  rateBytes: 2,
  stateBits: 272,
  rounds: 140,
  counter: 0x9e,
  counterBits: 8,
  taps: 0x8e,
};

/** The bits of a byte in the other order. */
function reversed(byte: number): number {
  let turned = 0;
  for (let bit = 0; bit < 8; bit += 1) turned |= ((byte >>> bit) & 1) << (7 - bit);
  return turned;
}

/** What each round adds to the lowest bits of the state. */
function countersOf({ counter, counterBits, rounds, taps }: Variant): Uint8Array {
  const counters = new Uint8Array(rounds);
  let value = counter;
  for (let round = 0; round < rounds; round += 1) {
    counters[round] = value;
    let fed = 0;
    for (let tapped = value & taps; tapped > 0; tapped >>>= 1) fed ^= tapped & 1;
    value = ((value << 1) | fed) & ((1 << counterBits) - 1);
  }
  return counters;
}

/** From eight nibbles in a word to four bytes: the nibbles' bits 0, 1, 2 and 3. */
function sliced(word: number): number {
  let change = (word ^ (word >>> 14)) & 0x0000cccc;
  let slices = word ^ change ^ (change << 14);
  change = (slices ^ (slices >>> 7)) & 0x00aa00aa;
  slices ^= change ^ (change << 7);
  change = (slices ^ (slices >>> 2)) & 0x0c0c0c0c;
  slices ^= change ^ (change << 2);
  change = (slices ^ (slices >>> 1)) & 0x22222222;
  return slices ^ change ^ (change << 1);
}

/** Adds bits of a row to a state, at bit `at` of it. */
function write(state: Int32Array, at: number, row: number): void {
  const word = at >>> 5;
  const shift = at & 31;
  state[word] = (state[word] as number) | (row << shift);
  state[word + 1] = (state[word + 1] as number) | ((row >>> 1) >>> (31 - shift));
}

/** S-box and P of four words, 32 nibbles, from `from` of the old state into the new one. */
function substitute(old: Int32Array, from: number, state: Int32Array, row: number): void {
  let w0 = sliced(old[from] as number);
  let w1 = sliced(old[from + 1] as number);
  let w2 = sliced(old[from + 2] as number);
  let w3 = sliced(old[from + 3] as number);
  let change = 0;
  change = ((w0 >>> 16) ^ w2) & 0x0000ffff;
  w0 ^= change << 16;
  w2 ^= change;
  change = ((w1 >>> 16) ^ w3) & 0x0000ffff;
  w1 ^= change << 16;
  w3 ^= change;
  change = ((w0 >>> 8) ^ w1) & 0x00ff00ff;
  w0 ^= change << 8;
  w1 ^= change;
  change = ((w2 >>> 8) ^ w3) & 0x00ff00ff;
  w2 ^= change << 8;
  w3 ^= change;

  w0 ^= w1 | w2;
  w1 ^= w0 | w3;
  w3 ^= w2;
  w1 ^= w3;
  w1 = ~w1;
  w2 ^= w1 | w3;
  w3 ^= w0;
  w0 ^= w1 | w2;
  w2 ^= w0 & w3;

  const at = 8 * from;
  const count = Math.min(32, row - at);
  const used = -1 >>> (32 - count);
  write(state, at, w3 & used);
  write(state, at + row, w1 & used);
  write(state, at + 2 * row, w0 & used);
  write(state, at + 3 * row, w2 & used);
}

class Sponge implements HashRounds {
  readonly #variant: Variant;
  readonly #counters: Uint8Array;
  #state: Int32Array;
  #next: Int32Array;

  constructor(variant: Variant, counters: Uint8Array) {
    // Words in fours, and one more that takes what is written past the end.
    const words = 4 * Math.ceil(variant.stateBits / 128) + 1;
    this.#variant = variant;
    this.#counters = counters;
    this.#state = new Int32Array(words);
    this.#next = new Int32Array(words);
  }

  compress(bytes: Uint8Array, at: number): void {
    const { rateBytes } = this.#variant;
    for (let byte = 0; byte < rateBytes; byte += 1) {
      this.#state[0] = (this.#state[0] as number) ^ ((bytes[at + byte] as number) << (8 * byte));
    }
    this.#permute();
  }

  finish(rest: Uint8Array, count: number): Uint8Array {
    const { digestBytes, rateBytes } = this.#variant;
    rest.fill(0, count);
    rest[count] = 0x80;
    this.compress(rest, 0);
    const digest = new Uint8Array(digestBytes);
    for (let at = 0; at < digestBytes; at += rateBytes) {
      if (at > 0) this.#permute();
      for (let byte = 0; byte < rateBytes; byte += 1) {
        digest[at + byte] = (this.#state[0] as number) >>> (8 * byte);
      }
    }
    this.#state.fill(0);
    this.#next.fill(0);
    return digest;
  }

  #permute(): void {
    const row = this.#variant.stateBits / 4;
    const last = this.#variant.stateBits - 8;
    let state = this.#state;
    let next = this.#next;
    for (const counter of this.#counters) {
      state[0] = (state[0] as number) ^ counter;
      state[last >>> 5] = (state[last >>> 5] as number) ^ (reversed(counter) << (last & 31));
      next.fill(0);
      for (let from = 0; 8 * from < row; from += 4) substitute(state, from, next, row);
      [state, next] = [next, state];
    }
    this.#state = state;
    this.#next = next;
  }
}

function spongent(variant: Variant): Hash {
  const counters = countersOf(variant);
  return blockHash(variant.digestBytes, variant.rateBytes, () => new Sponge(variant, counters));
}

/** SPONGENT-88/80/8. Collisions cost 2^40: nothing may hang on there being none. */
export const spongent88: Hash = /* @__PURE__ */ spongent(SPONGENT_88);

/** SPONGENT-128/128/8. */
export const spongent128: Hash = /* @__PURE__ */ spongent(SPONGENT_128);

/** SPONGENT-160/160/16. */
export const spongent160: Hash = /* @__PURE__ */ spongent(SPONGENT_160);

/** SPONGENT-224/224/16. */
export const spongent224: Hash = /* @__PURE__ */ spongent(SPONGENT_224);

/**
 * SPONGENT-256/256/16: slow, one permutation of 140 rounds for each two bytes of message and of digest.
 *
 * @example
 * ```ts
 * import { spongent256 } from '@lamplighter/sdk/crypto/spongent';
 *
 * const digest = spongent256(message);
 * ```
 */
export const spongent256: Hash = /* @__PURE__ */ spongent(SPONGENT_256);
