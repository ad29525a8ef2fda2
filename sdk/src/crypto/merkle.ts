/**
 * The chunk tree of docs/protocol.md §7.2: RFC 9162 §2.1 with SHA-256, leaf 0x00 || chunk, node 0x01 || left || right. A
 * node without a sibling goes up as it is, which is the same tree as the recursive definition of the RFC.
 */
import { equalBytes } from '../wire/bytes.ts';
import { sha256Of } from './suites.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Leaf hash of one chunk. */
export function leafHash(chunk: Uint8Array): Uint8Array {
  return sha256Of(LEAF, chunk);
}

/** Hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256Of(NODE, left, right);
}

/** A tree over leaf hashes, with all its inner nodes. */
export class MerkleTree {
  readonly #levels: (readonly Uint8Array[])[] = [];

  constructor(leaves: readonly Uint8Array[]) {
    let level = leaves;
    this.#levels.push(level);
    while (level.length > 1) {
      level = parents(level);
      this.#levels.push(level);
    }
  }

  /** SHA-256("") for a tree without leaves. */
  get root(): Uint8Array {
    return this.#levels.at(-1)?.[0] ?? sha256Of();
  }

  /** Leaf hashes in order, as the leaf list of §6.6 carries them. */
  get leaves(): readonly Uint8Array[] {
    return this.#levels[0] ?? [];
  }

  /**
   * Siblings from leaf to root (RFC 9162 §2.1.3).
   *
   * @throws {@link RangeError} when there is no such leaf
   */
  path(index: number): Uint8Array[] {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.leaves.length) {
      throw new RangeError(`expected a leaf 0..${this.leaves.length - 1}, got ${index}`);
    }
    const path: Uint8Array[] = [];
    let place = index;
    for (const level of this.#levels) {
      const sibling = level[place % 2 === 0 ? place + 1 : place - 1];
      if (sibling !== undefined) path.push(sibling);
      place = Math.floor(place / 2);
    }
    return path;
  }
}

function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const up: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const left = level[at] as Uint8Array;
    const right = level[at + 1];
    up.push(right === undefined ? left : nodeHash(left, right));
  }
  return up;
}

/** Tree over the chunks of an image; a last chunk may be shorter. */
export function chunkTree(image: Uint8Array, chunkLog2: number): MerkleTree {
  const size = 2 ** chunkLog2;
  const leaves: Uint8Array[] = [];
  for (let from = 0; from < image.length; from += size) {
    leaves.push(leafHash(image.subarray(from, from + size)));
  }
  return new MerkleTree(leaves);
}

/** Where a leaf is said to be. */
export interface LeafPlace {
  readonly index: number;
  /** Number of leaves of the whole tree. */
  readonly count: number;
  /** Hash of the leaf. */
  readonly leaf: Uint8Array;
  /** Siblings from leaf to root. */
  readonly path: readonly Uint8Array[];
}

/** Verifies an inclusion path to a root, in the steps of RFC 9162 §2.1.3.2. */
export function verifyPath(place: LeafPlace, root: Uint8Array): boolean {
  if (!Number.isSafeInteger(place.index) || place.index < 0 || place.index >= place.count) {
    return false;
  }
  let fn = place.index;
  let sn = place.count - 1;
  let hash = place.leaf;
  for (const sibling of place.path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      // A node without a sibling went up as it was: pass over those levels.
      const passed = fn === 0 ? 0 : trailingZeros(fn);
      fn = Math.floor(fn / 2 ** passed);
      sn = Math.floor(sn / 2 ** passed);
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equalBytes(hash, root);
}

function trailingZeros(value: number): number {
  let zeros = 0;
  for (let rest = value; rest % 2 === 0; rest /= 2) zeros += 1;
  return zeros;
}
