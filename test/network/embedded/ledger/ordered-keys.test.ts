import fc from 'fast-check';

import { compareKeys } from '../../../../network/src/embedded/ledger/key-order.ts';
import { OrderedKeys } from '../../../../network/src/embedded/ledger/ordered-keys.ts';

/** All keys of the set by walking it. */
function walk(keys: OrderedKeys): string[] {
  const found: string[] = [];
  for (let key = keys.seek(''); key !== undefined; key = keys.seek(key, false)) {
    found.push(key);
  }
  return found;
}

describe('OrderedKeys', () => {
  it('is a sorted set, however keys come and go', () => {
    const step = fc.record({ key: fc.string({ maxLength: 3 }), look: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const keys = new OrderedKeys();
        const model = new Set<string>();
        for (const { key, look } of steps) {
          if (model.delete(key)) {
            keys.delete(key);
          } else {
            model.add(key);
            keys.add(key);
          }
          const after = [...model].sort(compareKeys).find((other) => compareKeys(other, key) >= 0);
          expect(look ? keys.seek(key) : after).toBe(after);
        }
        expect(walk(keys)).toEqual([...model].sort(compareKeys));
      }),
    );
  });

  it('seeks from a key on or behind it', () => {
    const keys = new OrderedKeys();
    ['b', 'd'].forEach((key) => {
      keys.add(key);
    });
    expect(keys.seek('b')).toBe('b');
    expect(keys.seek('b', false)).toBe('d');
    expect(keys.seek('c')).toBe('d');
    expect(keys.seek('e')).toBeUndefined();
  });
});
