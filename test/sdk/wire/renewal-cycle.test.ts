import {
  effectiveStrength,
  intervalsByStrength,
  limits,
  SUITES,
  suiteStrength,
} from '@lamplighter/sdk/wire';

const usual = {
  fti: limits.FTI_DEFAULT,
  rti: limits.RTI_DEFAULT,
  uti: limits.UTI_DEFAULT,
};

describe('intervals by strength', () => {
  it.each([
    [0x0103, 0, 1, 1],
    [0x0201, 1, 3, 1],
    [0x0202, 1, 2, 1],
    [0x0304, 1, 3, 4],
    [0x8001, 1, 3, 8],
    [0x0999, 1, 3, 8],
  ] as const)(
    'of suite %i, class %i, proof %i are 1/%i of the usual',
    (suite, cls, mauth, part) => {
      expect(intervalsByStrength({ suite, class: cls, mauth })).toEqual({
        fti: usual.fti / part,
        rti: usual.rti / part,
        uti: usual.uti / part,
      });
    },
  );

  it('are shorter for the weaker, and always within the bounds of mon-set', () => {
    const all = SUITES.map((facts) => {
      const assigned = { suite: facts.id, class: facts.classes[0]!, mauth: 3 } as const;
      const bits = effectiveStrength(suiteStrength(facts, assigned.class, assigned.mauth));
      return { bits: facts.legacy ? 0 : bits, ...intervalsByStrength(assigned) };
    }).sort((one, other) => one.bits - other.bits);
    for (const [index, each] of all.entries()) {
      expect(each.fti).toBeGreaterThanOrEqual(all[index - 1]?.fti ?? 0);
      expect(each.fti).toBeGreaterThanOrEqual(limits.FTI_LEAST);
      expect(each.rti).toBeGreaterThanOrEqual(limits.RTI_LEAST);
      expect(each.uti).toBeLessThanOrEqual(limits.UTI_MOST);
      expect([each.fti, each.rti, each.uti].every(Number.isSafeInteger)).toBe(true);
    }
  });
});
