/** Hashes that take a message block by block: what they share is the cutting into blocks, whole messages and pieces alike. */
import { abytes } from '@noble/hashes/utils.js';
import type { Hash, RunningHash } from './primitives.ts';

/** One message being hashed. */
export interface HashRounds {
  /** Takes the block that begins at `at`, and keeps nothing of `bytes`. */
  compress(bytes: Uint8Array, at: number): void;
  /**
   * Pads and ends.
   *
   * @param rest - a block of which the first `count` bytes are message, fewer than all; may be written to
   */
  finish(rest: Uint8Array, count: number): Uint8Array;
}

class BlockByBlock implements RunningHash {
  readonly #rounds: HashRounds;
  readonly #rest: Uint8Array;
  #count = 0;
  #ended = false;

  constructor(blockBytes: number, rounds: HashRounds) {
    this.#rounds = rounds;
    this.#rest = new Uint8Array(blockBytes);
  }

  update(piece: Uint8Array): this {
    abytes(piece, undefined, 'piece');
    this.#checkOpen();
    const block = this.#rest.length;
    let at = 0;
    if (this.#count > 0) {
      at = Math.min(block - this.#count, piece.length);
      this.#keep(piece.subarray(0, at));
      if (this.#count < block) return this;
      this.#rounds.compress(this.#rest, 0);
      this.#count = 0;
    }
    for (; at + block <= piece.length; at += block) this.#rounds.compress(piece, at);
    this.#keep(piece.subarray(at));
    return this;
  }

  digest(): Uint8Array {
    this.#checkOpen();
    this.#ended = true;
    const digest = this.#rounds.finish(this.#rest, this.#count);
    this.#rest.fill(0);
    return digest;
  }

  #keep(bytes: Uint8Array): void {
    this.#rest.set(bytes, this.#count);
    this.#count += bytes.length;
  }

  #checkOpen(): void {
    if (this.#ended) throw new Error('the hash has been ended');
  }
}

/**
 * An algorithm of the catalogue from its rounds.
 *
 * @param begin - the rounds of a message that begins
 */
export function blockHash(digestBytes: number, blockBytes: number, begin: () => HashRounds): Hash {
  const create = (): RunningHash => new BlockByBlock(blockBytes, begin());
  const algorithm = (message: Uint8Array): Uint8Array =>
    create()
      .update(abytes(message, undefined, 'message'))
      .digest();
  return Object.assign(algorithm, { create, digestBytes, blockBytes });
}
