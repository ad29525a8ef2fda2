import { compare } from './bench.ts';
import { measure } from './comparison.ts';
import { comparisons } from './comparisons.ts';

const hexOf = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex');

describe('comparisons', () => {
  it('run on both sides, at every size', () => {
    for (const { ours, theirs, sizes } of comparisons) {
      for (const size of sizes) {
        expect(ours(size)()).toBeDefined();
        expect(theirs(size)()).toBeDefined();
      }
    }
  });

  it('have both Ascons compute the same', () => {
    const { ours, theirs } = comparisons.find(({ name }) => name.endsWith('js-ascon'))!;
    expect(hexOf(ours(100)())).toBe(hexOf(theirs(100)()));
  });

  it('take the names that are asked for', () => {
    expect([...compare({ turns: 1, only: 'no such algorithm' })]).toEqual([]);
  });
});

it('measures both sides', () => {
  const sides: string[] = [];
  const side = (name: string) => () => {
    if (sides.at(-1) !== name) sides.push(name);
  };
  const { oursNs, theirsNs, speed } = measure(side('ours'), side('theirs'), 3);
  expect([oursNs, theirsNs, speed].every((value) => value > 0)).toBe(true);
  // Warmed up, then by turns.
  expect(sides).toEqual(Array.from({ length: 4 }, () => ['ours', 'theirs']).flat());
});
