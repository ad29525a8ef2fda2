/** What LSH-256 and LSH-512 share (KS X 3262): where words go, and everything around the compression of a block. */
import { blockHash, type HashRounds } from './block-hash.ts';
import type { Hash } from './primitives.ts';

// prettier-ignore
/** σ: after a step, word l of the chaining value is the one that was at WORD_PERMUTATION[l]. */
export const WORD_PERMUTATION = Uint8Array.of(6, 4, 5, 7, 12, 15, 14, 13, 2, 0, 1, 3, 8, 11, 10, 9);

/** τ: word l of a sub-message is word l of the one before plus word SCHEDULE[l] of the one before that. */
export const SCHEDULE = Uint8Array.of(3, 2, 0, 1, 7, 4, 5, 6, 11, 10, 8, 9, 15, 12, 13, 14);

/** Takes the block that begins at `at` into the chaining value. */
export type Compress = (chaining: Int32Array, bytes: Uint8Array, at: number) => void;

class Chain implements HashRounds {
  readonly #chaining: Int32Array;
  readonly #digestBytes: number;
  readonly #compress: Compress;

  constructor(begin: Int32Array, digestBytes: number, compress: Compress) {
    this.#chaining = begin.slice();
    this.#digestBytes = digestBytes;
    this.#compress = compress;
  }

  compress(bytes: Uint8Array, at: number): void {
    this.#compress(this.#chaining, bytes, at);
  }

  /** A one bit and zeros; the length is not written. */
  finish(rest: Uint8Array, count: number): Uint8Array {
    rest.fill(0, count);
    rest[count] = 0x80;
    this.compress(rest, 0);
    const chaining = this.#chaining;
    const right = chaining.length / 2;
    const digest = new Uint8Array(this.#digestBytes);
    for (let at = 0; at < digest.length; at += 1) {
      const half = (chaining[at >>> 2] as number) ^ (chaining[(at >>> 2) + right] as number);
      digest[at] = half >>> (8 * (at & 3));
    }
    chaining.fill(0);
    return digest;
  }
}

/**
 * One LSH.
 *
 * @param wordBits - 32 or 64; a block has 32 words, the chaining value 16
 */
export function lsh(wordBits: 32 | 64, digestBits: number, compress: Compress): Hash {
  const halves = wordBits / 2;
  const blockBytes = 4 * wordBits;
  // The chaining value to begin with: word and digest length, and a block of zeros.
  const begin = new Int32Array(halves);
  begin[0] = wordBits;
  begin[halves / 16] = digestBits;
  compress(begin, new Uint8Array(blockBytes), 0);
  const digestBytes = digestBits / 8;
  return blockHash(digestBytes, blockBytes, () => new Chain(begin, digestBytes, compress));
}
