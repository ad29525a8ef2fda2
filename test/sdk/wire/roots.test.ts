/** The vendor's roots as an object (docs/protocol.md §7.1). */
import {
  WireError,
  decodeRoots,
  encodeCbor,
  encodeRoots,
  type VendorRoots,
} from '@lamplighter/sdk/wire';
import fc from 'fast-check';

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const ROOTS: VendorRoots = {
  gen: 3,
  k: 2,
  keys: [
    { alg: 1, key: key(1) },
    { alg: 2, key: key(2) },
    { alg: 1, key: key(3) },
  ],
};

function codeOf(payload: Uint8Array): string {
  try {
    decodeRoots(payload);
  } catch (error) {
    if (error instanceof WireError) return 'refused';
    throw error;
  }
  return 'accepted';
}

describe('roots', () => {
  it('are read as they were written', () => {
    expect(decodeRoots(encodeRoots(ROOTS))).toEqual(ROOTS);
  });

  it.each([
    ['k of 0', [3, 0, [[1, key(1)]]]],
    ['k above the keys', [3, 2, [[1, key(1)]]]],
    ['no keys', [3, 1, []]],
    ['nine keys', [3, 1, Array.from({ length: 9 }, (_, at) => [1, key(at)])]],
    [
      'a key twice',
      [
        3,
        1,
        [
          [1, key(1)],
          [1, key(1)],
        ],
      ],
    ],
    [
      'a key under two algorithms',
      [
        3,
        1,
        [
          [1, key(1)],
          [2, key(1)],
        ],
      ],
    ],
    ['a short key', [3, 1, [[1, key(1).slice(1)]]]],
    ['another algorithm', [3, 1, [[3, key(1)]]]],
    ['a field more', [3, 1, [[1, key(1)]], 0]],
  ])('are not with %s', (_, value) => {
    expect(codeOf(encodeCbor(value as Parameters<typeof encodeCbor>[0]))).toBe('refused');
  });

  it('are not written with what would not be read', () => {
    expect(() => encodeRoots({ ...ROOTS, k: 4 })).toThrow(RangeError);
    expect(() => encodeRoots({ ...ROOTS, keys: [] })).toThrow(RangeError);
  });

  it('have one form, whatever bytes were changed', () => {
    const encoded = encodeRoots(ROOTS);
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.nat(255), (at, byte) => {
        const changed = encoded.with(at, byte);
        const again = codeOf(changed) === 'accepted' ? encodeRoots(decodeRoots(changed)) : changed;
        expect(again).toEqual(changed);
      }),
    );
  });
});
