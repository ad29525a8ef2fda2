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

/** Made by Fabric 3.1.5 (RangeQueryResultsHelper) of as many reads: degree, level, hashes, SHA-256 over these hashes. */
const OF_REAL_PEERS: readonly (readonly [number, number, number, number, string])[] = [
  [51, 50, 1, 1, 'ac63130e56c33c8722982d74814678283434c73161f669191dfcd920f0fde556'],
  [102, 50, 1, 2, 'a4ffbb33ab84a9dfa4bcb6b98eccc6b73e35a3b1248cbafcf332ae6322e6d4d8'],
  [2601, 50, 2, 1, '81717aa58140d78b99c8c75955fceb5c01b49929ee31f3a3d7c4a49f30fb6fc3'],
  [2602, 50, 2, 2, '2fcce9414acbbfa312b99d9c2b20f69ac7c74f2359fc543adc5f58c15e567e63'],
  [5253, 50, 2, 3, '2a6dbe193176b9f57d9d49f72817f33f67ae706650ffe853f899813e06060e3e'],
  [30, 2, 3, 2, 'ae95dbb00d2084d3ea48601c6b897f17ab790a225e316242de501a9beebe52d1'],
  [81, 2, 4, 1, '09ba4c796ecaa84a4fe3dbbfc349e5568a6e82c77c1d169a039e15d19d5d6d40'],
  [100, 2, 4, 2, '3a705bf75e88bfdc4f2ccb7c98e0c1a0de34e3b4ae5f18a03fce14f8e92f0672'],
  [257, 2, 5, 2, 'cd0d88b94f262700f33e48f6367db08b6bc552efcc9bdfd70bd614977a69050c'],
];

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

  it.each(OF_REAL_PEERS)(
    'summarises %i reads at degree %i as real peers do',
    (count, degree, maxLevel, hashes, digest) => {
      const builder = new RangeReadsBuilder(degree);
      for (let index = 0; index < count; index++) {
        builder.add({
          key: `key${String(index).padStart(6, '0')}`,
          version: { blockNumber: Math.floor(index / 100) + 1, transactionNumber: index % 100 },
        });
      }
      const summary = builder.finish();
      expect(summary).toMatchObject({ kind: 'merkle', maxDegree: degree, maxLevel });
      const found = summary.kind === 'merkle' ? summary.hashes : [];
      expect([found.length, sha256(...found).toString('hex')]).toEqual([hashes, digest]);
    },
  );

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
