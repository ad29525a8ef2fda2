import { createHash } from 'node:crypto';

import { ledger } from '@hyperledger/fabric-protos';

import {
  RangeReadsBuilder,
  sameReads,
  type RangeReads,
} from '../../../../network/src/embedded/ledger/range-reads.ts';
import {
  encodeRead,
  type KeyRead,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';

const reads: readonly KeyRead[] = Array.from({ length: 60 }, (_, index) => ({
  key: `key${index}`,
  version: { blockNumber: index + 1, transactionNumber: index },
}));

function build(count: number, degree?: number): RangeReads {
  const builder = new RangeReadsBuilder(degree);
  for (const read of reads.slice(0, count)) {
    builder.add(read);
  }
  return builder.finish();
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** Hash of the reads from..to, as a leaf. */
function leaf(from: number, to: number): Buffer {
  const message = new ledger.rwset.kvrwset.QueryReads();
  message.setKvReadsList(reads.slice(from, to).map(encodeRead));
  return sha256(message.serializeBinary());
}

describe('RangeReadsBuilder', () => {
  it.each([0, 1, 50])('keeps %i reads as they are', (count) => {
    expect(build(count)).toEqual({ kind: 'raw', reads: reads.slice(0, count) });
  });

  it('hashes more than 50 reads', () => {
    expect(build(51)).toEqual({
      kind: 'merkle',
      maxDegree: 50,
      maxLevel: 1,
      hashes: [leaf(0, 51)],
    });
    expect(build(53)).toEqual({
      kind: 'merkle',
      maxDegree: 50,
      maxLevel: 1,
      hashes: [leaf(0, 51), leaf(51, 53)],
    });
  });

  it('makes leaves of one read more than the degree', () => {
    expect(build(9, 3)).toEqual({
      kind: 'merkle',
      maxDegree: 3,
      maxLevel: 1,
      hashes: [leaf(0, 4), leaf(4, 8), leaf(8, 9)],
    });
  });

  it('folds a level that is full, and lifts what is left', () => {
    expect(build(25, 3)).toEqual({
      kind: 'merkle',
      maxDegree: 3,
      maxLevel: 2,
      hashes: [
        sha256(leaf(0, 4), leaf(4, 8), leaf(8, 12), leaf(12, 16)),
        sha256(leaf(16, 20), leaf(20, 24), leaf(24, 25)),
      ],
    });
    expect(build(17, 3)).toMatchObject({
      maxLevel: 2,
      hashes: [sha256(leaf(0, 4), leaf(4, 8), leaf(8, 12), leaf(12, 16)), leaf(16, 17)],
    });
  });

  it('folds the highest level too when lifting fills it', () => {
    // 9 leaves of 3: two full nodes on level 2 and a rest of 3 leaves, lifted as a third: more than the degree.
    const left = sha256(
      sha256(leaf(0, 3), leaf(3, 6), leaf(6, 9)),
      sha256(leaf(9, 12), leaf(12, 15), leaf(15, 18)),
      sha256(leaf(18, 21), leaf(21, 22)),
    );
    expect(build(22, 2)).toEqual({ kind: 'merkle', maxDegree: 2, maxLevel: 3, hashes: [left] });
  });

  it('refuses a degree that is none', () => {
    expect(() => new RangeReadsBuilder(1)).toThrow(RangeError);
  });
});

describe('sameReads', () => {
  it('tells equal from different', () => {
    expect(sameReads(build(3), build(3))).toBe(true);
    expect(sameReads(build(3), build(4))).toBe(false);
    expect(sameReads(build(55), build(55))).toBe(true);
    expect(sameReads(build(55), build(56))).toBe(false);
    expect(sameReads(build(9, 3), build(9, 2))).toBe(false);
    expect(sameReads(build(3), build(55))).toBe(false);
    const other = reads.map((read) => ({ ...read, version: undefined }));
    expect(sameReads({ kind: 'raw', reads }, { kind: 'raw', reads: other })).toBe(false);
  });
});
