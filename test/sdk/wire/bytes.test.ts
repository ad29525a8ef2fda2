import fc from 'fast-check';
import {
  asciiBytes,
  be16,
  be32,
  be64,
  concatBytes,
  equalBytes,
  erase,
  fromHex,
  toHex,
} from '@lamplighter/sdk/wire';

describe('byte strings', () => {
  it('joins parts', () => {
    expect(concatBytes()).toEqual(new Uint8Array(0));
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(
      Uint8Array.of(1, 2, 3),
    );
  });

  it('writes big-endian integers', () => {
    expect(toHex(be16(0x0102))).toBe('0102');
    expect(toHex(be32(0xfffefdfc))).toBe('fffefdfc');
    expect(toHex(be64(2 ** 53 - 1))).toBe('001fffffffffffff');
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(Buffer.from(be64(value)).readBigUInt64BE()).toBe(BigInt(value));
      }),
    );
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses %d as an unsigned integer', (value) => {
    expect(() => be64(value)).toThrow(RangeError);
  });

  it('refuses integers that do not fit', () => {
    expect(() => be16(0x1_0000)).toThrow(RangeError);
    expect(() => be32(0x1_0000_0000)).toThrow(RangeError);
  });

  it('takes ASCII text only', () => {
    expect(toHex(asciiBytes('a\0'))).toBe('6100');
    expect(() => asciiBytes('é')).toThrow(RangeError);
    expect(() => asciiBytes('😀')).toThrow(RangeError);
  });

  it('compares as equality does', () => {
    const some = fc.uint8Array({ maxLength: 4, max: 2 });
    fc.assert(
      fc.property(some, some, (left, right) => {
        expect(equalBytes(left, right)).toBe(Buffer.from(left).equals(right));
      }),
      { numRuns: 500 },
    );
  });

  it('reads and writes hex', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
    expect(() => fromHex('abc')).toThrow(RangeError);
    expect(() => fromHex('zz')).toThrow(RangeError);
  });

  it('overwrites secrets', () => {
    const secret = Uint8Array.of(1, 2, 3);
    erase(secret);
    expect(secret).toEqual(new Uint8Array(3));
  });
});
