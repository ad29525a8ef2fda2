/**
 * What a range query saw, as a read-write set carries it: the reads themselves, or above 50 of them a Merkle summary of
 * degree 50, built the way Fabric's peers build it (rwsetutil, query_results_helper): leaves are hashes of 51 reads, a level is
 * folded into one hash of the next when it holds more than the degree.
 */
import { createHash } from 'node:crypto';

import { ledger } from '@hyperledger/fabric-protos';

import { encodeRead, type KeyRead } from './read-write-set.ts';

export type RangeReads =
  | { readonly kind: 'raw'; readonly reads: readonly KeyRead[] }
  | {
      readonly kind: 'merkle';
      readonly maxDegree: number;
      readonly maxLevel: number;
      readonly hashes: readonly Uint8Array[];
    };

/** What real peers are configured with. */
export const MERKLE_DEGREE = 50;

function combine(hashes: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of hashes) {
    hash.update(part);
  }
  return hash.digest();
}

function hashReads(reads: readonly KeyRead[]): Uint8Array {
  const message = new ledger.rwset.kvrwset.QueryReads();
  message.setKvReadsList(reads.map(encodeRead));
  return createHash('sha256').update(message.serializeBinary()).digest();
}

/** Takes reads one by one and keeps no more of them than it needs. */
export class RangeReadsBuilder {
  readonly #degree: number;
  #pending: KeyRead[] = [];
  /** Hashes by level; index 0 is Fabric's level 1. */
  readonly #levels: Uint8Array[][] = [[]];

  /** @param degree - at least 2. @throws {RangeError} */
  constructor(degree: number = MERKLE_DEGREE) {
    if (!Number.isSafeInteger(degree) || degree < 2) {
      throw new RangeError(`"degree" expected an integer from 2, got ${degree}`);
    }
    this.#degree = degree;
  }

  add(read: KeyRead): void {
    this.#pending.push(read);
    if (this.#pending.length > this.#degree) {
      this.#hashPending();
    }
  }

  /** Ends the building. */
  finish(): RangeReads {
    if (this.#levels.length === 1 && this.#level(0).length === 0) {
      return { kind: 'raw', reads: this.#pending };
    }
    if (this.#pending.length > 0) {
      this.#hashPending();
    }
    this.#complete();
    const maxLevel = this.#levels.length;
    return {
      kind: 'merkle',
      maxDegree: this.#degree,
      maxLevel,
      hashes: this.#level(maxLevel - 1),
    };
  }

  #level(index: number): Uint8Array[] {
    return (this.#levels[index] ??= []);
  }

  #hashPending(): void {
    this.#level(0).push(hashReads(this.#pending));
    this.#pending = [];
    for (let index = 0; this.#level(index).length > this.#degree; index++) {
      this.#fold(index);
    }
  }

  #fold(index: number): void {
    const hashes = this.#level(index);
    this.#level(index + 1).push(combine(hashes));
    this.#levels[index] = [];
  }

  /** Lifts what is left on the lower levels to the highest one. */
  #complete(): void {
    for (let index = 0; index < this.#levels.length - 1; index++) {
      const [only, ...more] = this.#level(index);
      if (only && more.length === 0) {
        this.#level(index + 1).push(only);
        this.#levels[index] = [];
      } else if (only) {
        this.#fold(index);
      }
    }
    const highest = this.#levels.length - 1;
    if (this.#level(highest).length > this.#degree) {
      this.#fold(highest);
    }
  }
}

/** @returns whether two summaries or lists of reads say the same. */
export function sameReads(left: RangeReads, right: RangeReads): boolean {
  if (left.kind === 'raw' || right.kind === 'raw') {
    return left.kind === right.kind && sameRawReads(left, right);
  }
  return (
    left.maxDegree === right.maxDegree &&
    left.maxLevel === right.maxLevel &&
    Buffer.compare(combine(left.hashes), combine(right.hashes)) === 0 &&
    left.hashes.length === right.hashes.length
  );
}

function sameRawReads(left: RangeReads, right: RangeReads): boolean {
  const reads = left.kind === 'raw' ? left.reads : [];
  const others = right.kind === 'raw' ? right.reads : [];
  return (
    reads.length === others.length &&
    reads.every((read, index) => {
      const other = others[index];
      return (
        read.key === other?.key &&
        read.version?.blockNumber === other.version?.blockNumber &&
        read.version?.transactionNumber === other.version?.transactionNumber
      );
    })
  );
}
