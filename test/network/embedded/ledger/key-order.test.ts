import fc from 'fast-check';

import { compareKeys } from '../../../../network/src/embedded/ledger/key-order.ts';

describe('compareKeys', () => {
  it('orders as UTF-8 bytes do', () => {
    const key = fc.string({ unit: 'binary', maxLength: 8 });
    fc.assert(
      fc.property(key, key, (left, right) => {
        const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareKeys(left, right))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['\uffee', '\u{1f600}'],
    ['\ud7ff', '\ue000'],
    ['a', 'a\0'],
    ['', '\u0001'],
    ['\u{10fffe}', '\u{10ffff}'],
  ])('puts %j before %j', (left, right) => {
    expect(compareKeys(left, right)).toBeLessThan(0);
    expect(compareKeys(right, left)).toBeGreaterThan(0);
    expect(compareKeys(left, left)).toBe(0);
  });
});
