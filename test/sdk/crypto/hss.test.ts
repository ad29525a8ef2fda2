/** LMS and HSS verification against RFC 8554 appendix F and RFC 9858, and what it refuses. */
import {
  hssVerify,
  isTreeKey,
  lmsSet,
  lmsSignatureBytes,
  treeVerify,
} from '@lamplighter/sdk/crypto';
import { bytesOf, vectorFile, vectorFolders } from './vector-files.ts';

const { vectors } = vectorFile(vectorFolders[0]![1], 'hss')!;
const cases = vectors.map((each) => ({
  id: each.id!,
  key: bytesOf(each.public_key),
  message: bytesOf(each.message),
  signature: bytesOf(each.signature),
}));

describe.each(cases)('$id', ({ key, message, signature }) => {
  it('verifies', () => {
    expect(hssVerify(key, message, signature)).toBe(true);
  });

  it('does not once a bit is changed, wherever it is', () => {
    for (let at = 0; at < signature.length; at += Math.ceil(signature.length / 16)) {
      const changed = signature.slice();
      changed[at]! ^= 0x10;
      expect(hssVerify(key, message, changed)).toBe(false);
    }
    for (const at of [3, 7, 11, 12, 27, 28, key.length - 1]) {
      const changed = key.slice();
      changed[at]! ^= 1;
      expect(hssVerify(changed, message, signature)).toBe(false);
    }
    expect(hssVerify(key, message.subarray(1), signature)).toBe(false);
  });

  it('does not when it is cut anywhere, or longer', () => {
    for (const length of [0, 3, 4, 7, 8, 100, 700, signature.length - 1]) {
      expect(hssVerify(key, message, signature.subarray(0, length))).toBe(false);
    }
    expect(hssVerify(key, message, Buffer.concat([signature, Buffer.of(0)]))).toBe(false);
    for (let length = 0; length < key.length; length += 1) {
      expect(hssVerify(key.subarray(0, length), message, signature)).toBe(false);
    }
  });

  it('is no proof of a manager: its sets are others', () => {
    expect(isTreeKey(key)).toBe(false);
    expect(treeVerify(key, message, signature)).toBe(false);
  });
});

it('has the sizes of RFC 8554 and SP 800-208', () => {
  const chains = (lms: number): readonly (number | undefined)[] =>
    [0, 1, 2, 3].map((ots) => lmsSet(lms, ots + (lms < 10 ? 1 : 5))?.chains);
  expect(chains(5)).toEqual([265, 133, 67, 34]);
  expect(chains(10)).toEqual([200, 101, 51, 26]);
  expect(lmsSignatureBytes(lmsSet(0x0b, 7)!)).toBe(4 + 1252 + 4 + 240);
});

it('knows no other codes, and no two lengths of hash in one set', () => {
  for (const [lms, ots] of [
    [4, 3],
    [15, 7],
    [5, 7],
    [10, 3],
    [0, 0],
    [10, 9],
    [-1, 3],
  ] as const) {
    expect(lmsSet(lms, ots)).toBeUndefined();
  }
});

it('takes keys of one or two levels of the four sets for a tree', () => {
  const key = (levels: number, lms: number, ots: number): Uint8Array =>
    Uint8Array.from([
      0,
      0,
      0,
      levels,
      0,
      0,
      0,
      lms,
      0,
      0,
      0,
      ots,
      ...new Array<number>(40).fill(1),
    ]);
  for (const lms of [0x0a, 0x0b, 0x0c, 0x0d]) {
    expect(isTreeKey(key(1, lms, 7))).toBe(true);
    expect(isTreeKey(key(2, lms, 7))).toBe(true);
  }
  expect(isTreeKey(key(0, 0x0b, 7))).toBe(false);
  expect(isTreeKey(key(3, 0x0b, 7))).toBe(false);
  expect(isTreeKey(key(2, 0x0e, 7))).toBe(false);
  expect(isTreeKey(key(2, 0x0b, 8))).toBe(false);
  expect(isTreeKey(key(2, 0x0b, 7).subarray(1))).toBe(false);
});
