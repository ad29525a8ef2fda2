import { common, msp } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

import {
  MAX_SETS,
  setsOfPolicies,
  setsOfSignaturePolicy,
  type OrganisationSet,
} from '../../../../network/src/embedded/discovery/organisation-sets.ts';
import { signaturePolicy } from '../../../../network/src/embedded/config-policies.ts';
import { signaturePolicyEvaluator } from '../../../../network/src/embedded/policies.ts';
import type { Role } from '../../../../network/src/embedded/msp.ts';

const plain = (sets: readonly OrganisationSet[]): readonly object[] =>
  sets.map((set) => Object.fromEntries(set));

const peersOf = (...mspIds: string[]): { mspId: string; role: Role }[] =>
  mspIds.map((mspId) => ({ mspId, role: 'peer' }));

function signedBy(index: number): common.SignaturePolicy {
  const rule = new common.SignaturePolicy();
  rule.setSignedBy(index);
  return rule;
}

function outOf(needed: number, rules: readonly common.SignaturePolicy[]): common.SignaturePolicy {
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(needed);
  nOutOf.setRulesList([...rules]);
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(nOutOf);
  return rule;
}

function envelope(
  rule: common.SignaturePolicy,
  mspIds: readonly string[],
): common.SignaturePolicyEnvelope {
  const policy = signaturePolicy(1, peersOf(...mspIds));
  policy.setRule(rule);
  return policy;
}

describe('setsOfSignaturePolicy', () => {
  it('lists the combinations of an n-out-of policy', () => {
    expect(plain(setsOfSignaturePolicy(signaturePolicy(2, peersOf('A', 'B', 'C'))))).toEqual([
      { A: 1, B: 1 },
      { A: 1, C: 1 },
      { B: 1, C: 1 },
    ]);
  });

  it('counts the peers that one organisation needs', () => {
    const policy = signaturePolicy(2, peersOf('A', 'A', 'B'));
    expect(plain(setsOfSignaturePolicy(policy))).toEqual([{ A: 2 }, { A: 1, B: 1 }]);
  });

  it('leaves out sets that ask for more than another one', () => {
    const rule = outOf(1, [signedBy(0), outOf(2, [signedBy(0), signedBy(1)])]);
    expect(plain(setsOfSignaturePolicy(envelope(rule, ['A', 'B'])))).toEqual([{ A: 1 }]);
  });

  it('takes members for peers, and leaves out what no peer can meet', () => {
    const policy = signaturePolicy(1, [
      { mspId: 'A', role: 'member' },
      { mspId: 'B', role: 'admin' },
      { mspId: 'C', role: 'client' },
    ]);
    expect(plain(setsOfSignaturePolicy(policy))).toEqual([{ A: 1 }]);
  });

  it('has none for a policy that nobody can satisfy', () => {
    expect(setsOfSignaturePolicy(signaturePolicy(3, peersOf('A', 'B')))).toEqual([]);
    expect(setsOfSignaturePolicy(envelope(signedBy(7), ['A']))).toEqual([]);
    const byUnit = signaturePolicy(1, peersOf('A'));
    const [principal] = byUnit.getIdentitiesList();
    principal!.setPrincipalClassification(msp.MSPPrincipal.Classification.ORGANIZATION_UNIT);
    expect(setsOfSignaturePolicy(byUnit)).toEqual([]);
  });

  it('bounds the number of combinations', () => {
    const mspIds = Array.from({ length: 32 }, (_, index) => `Organisation${index}`);
    const sets = setsOfSignaturePolicy(signaturePolicy(17, peersOf(...mspIds)));
    expect(sets).toHaveLength(MAX_SETS);
    expect(sets.every((set) => set.size === 17)).toBe(true);
  });

  it('refuses rules that are nested too deep', () => {
    let rule = signedBy(0);
    for (let depth = 0; depth < 20; depth++) {
      rule = outOf(1, [rule]);
    }
    expect(() => setsOfSignaturePolicy(envelope(rule, ['A']))).toThrow(
      expect.objectContaining({ code: 'POLICY_MALFORMED' }) as Error,
    );
  });

  type Counts = Readonly<Record<'A' | 'B' | 'C', number>>;
  const counts: fc.Arbitrary<Counts> = fc.record({ A: fc.nat(3), B: fc.nat(3), C: fc.nat(3) });

  const compare = (
    rule: common.SignaturePolicy,
    present: Counts,
  ): { readonly suffices: boolean; readonly satisfied: boolean } => {
    const policy = envelope(rule, ['A', 'B', 'C']);
    const members = Object.entries(present).flatMap(([mspId, count]) =>
      Array.from({ length: count }, (_, index) => ({
        mspId,
        role: 'peer' as const,
        fingerprint: `${mspId}${index}`,
      })),
    );
    return {
      suffices: setsOfSignaturePolicy(policy).some((set) =>
        [...set].every(([mspId, count]) => present[mspId as 'A'] >= count),
      ),
      satisfied: signaturePolicyEvaluator(policy)(members),
    };
  };

  it('lists a set for everybody who satisfies a policy', () => {
    const { rule: rules } = fc.letrec<{ rule: common.SignaturePolicy }>((tie) => ({
      rule: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.nat(2).map(signedBy),
        fc
          .array(tie('rule'), { minLength: 1, maxLength: 3 })
          .chain((inner) =>
            fc.integer({ min: 1, max: inner.length }).map((needed) => outOf(needed, inner)),
          ),
      ),
    }));
    fc.assert(
      fc.property(rules, counts, (rule, present) => {
        const { suffices, satisfied } = compare(rule, present);
        // Not the other way round: the evaluation gives a signature to the first rule that takes it, as Fabric's does.
        expect(satisfied && !suffices).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('lists sets that satisfy a policy without repetitions', () => {
    const rules = fc
      .tuple(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), fc.nat(2), fc.nat(2))
      .map(([[first, second, third], inner, outer]) =>
        outOf(Math.min(outer, 1) + 1, [
          signedBy(first!),
          outOf(Math.min(inner, 1) + 1, [signedBy(second!), signedBy(third!)]),
        ]),
      );
    fc.assert(
      fc.property(rules, counts, (rule, present) => {
        const { suffices, satisfied } = compare(rule, present);
        expect(suffices).toBe(satisfied);
      }),
      { numRuns: 300 },
    );
  });
});

describe('setsOfPolicies', () => {
  const one = (...mspIds: string[]): readonly OrganisationSet[] => [
    new Map(mspIds.map((mspId) => [mspId, 1])),
  ];

  it('lets one signature count for several policies', () => {
    expect(plain(setsOfPolicies(2, [one('A', 'B'), one('B', 'C')]))).toEqual([
      { A: 1, B: 1, C: 1 },
    ]);
  });

  it('takes as many policies as are needed', () => {
    expect(plain(setsOfPolicies(1, [one('A'), one('A', 'B'), one('C')]))).toEqual([
      { A: 1 },
      { C: 1 },
    ]);
  });

  it('has nothing to offer when too few policies can be satisfied', () => {
    expect(setsOfPolicies(2, [one('A'), []])).toEqual([]);
  });
});
