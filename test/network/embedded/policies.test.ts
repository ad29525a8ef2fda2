import { common, msp } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

import { signaturePolicy } from '../../../network/src/embedded/config-policies.ts';
import {
  implicitMetaEvaluator,
  signaturePolicyEvaluator,
  type PolicyMember,
} from '../../../network/src/embedded/policies.ts';
import type { Role } from '../../../network/src/embedded/msp.ts';
import { coded } from '../coded.ts';

const member = (mspId: string, role: Role = 'peer', name = ''): PolicyMember => ({
  mspId,
  role,
  fingerprint: `${mspId}.${role}.${name}`,
});
const peer = (mspId: string): { mspId: string; role: Role } => ({ mspId, role: 'peer' });

function rule(content: number | readonly [number, readonly common.SignaturePolicy[]]) {
  const policy = new common.SignaturePolicy();
  if (typeof content === 'number') {
    policy.setSignedBy(content);
    return policy;
  }
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(content[0]);
  nOutOf.setRulesList([...content[1]]);
  policy.setNOutOf(nOutOf);
  return policy;
}

function envelope(
  policy: common.SignaturePolicy | undefined,
  ...mspIds: readonly string[]
): common.SignaturePolicyEnvelope {
  const principals = signaturePolicy(1, mspIds.map(peer));
  principals.setRule(policy);
  return common.SignaturePolicyEnvelope.deserializeBinary(principals.serializeBinary());
}

describe('signaturePolicyEvaluator', () => {
  it('counts principals', () => {
    const policy = signaturePolicyEvaluator(signaturePolicy(2, [peer('A'), peer('B'), peer('C')]));
    expect(policy([member('A'), member('C')])).toBe(true);
    expect(policy([member('A')])).toBe(false);
    expect(policy([])).toBe(false);
  });

  it('looks at roles and organisations', () => {
    const policy = signaturePolicyEvaluator(signaturePolicy(1, [peer('A')]));
    expect(policy([member('A', 'client'), member('A', 'admin'), member('B', 'peer')])).toBe(false);
    expect(policy([member('A', 'peer')])).toBe(true);
  });

  it.each<Role>(['client', 'peer', 'admin', 'orderer'])('takes a %s for a member', (role) => {
    const policy = signaturePolicyEvaluator(signaturePolicy(1, [{ mspId: 'A', role: 'member' }]));
    const own = signaturePolicyEvaluator(signaturePolicy(1, [{ mspId: 'A', role }]));
    expect(policy([member('A', role)])).toBe(true);
    expect(own([member('A', role)])).toBe(true);
    expect(policy([member('B', role)])).toBe(false);
  });

  it('counts one member once, however often it signed', () => {
    const policy = signaturePolicyEvaluator(signaturePolicy(2, [peer('A'), peer('A')]));
    expect(policy([member('A'), member('A'), member('A')])).toBe(false);
    expect(policy([member('A', 'peer', '0'), member('A', 'peer', '1')])).toBe(true);
  });

  it('gives back the members that a failed rule had tried', () => {
    // OutOf(1, AND(A, B), AND(A, C)) with A and C: the first branch tries A in vain.
    const branches = [rule([2, [rule(0), rule(1)]]), rule([2, [rule(0), rule(2)]])];
    const policy = signaturePolicyEvaluator(envelope(rule([1, branches]), 'A', 'B', 'C'));
    expect(policy([member('A'), member('C')])).toBe(true);
    expect(policy([member('A')])).toBe(false);
  });

  it('lets no member serve two rules', () => {
    const twice = rule([2, [rule(0), rule([1, [rule(0), rule(1)]])]]);
    const policy = signaturePolicyEvaluator(envelope(twice, 'A', 'B'));
    expect(policy([member('A')])).toBe(false);
    expect(policy([member('A'), member('B')])).toBe(true);
  });

  it('accepts everybody at zero out of none, as Fabric does', () => {
    expect(signaturePolicyEvaluator(envelope(rule([0, []])))([])).toBe(true);
  });

  it('is met exactly from the threshold on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (total, count) => {
          const names = Array.from({ length: total }, (_, index) => `Org${index}`);
          for (let needed = 1; needed <= total; needed++) {
            const policy = signaturePolicyEvaluator(signaturePolicy(needed, names.map(peer)));
            const members = names.slice(0, count).map((name) => member(name));
            expect(policy(members)).toBe(members.length >= needed);
          }
        },
      ),
    );
  });

  describe('refuses', () => {
    const nested = (depth: number): common.SignaturePolicy =>
      depth === 0 ? rule(0) : rule([1, [nested(depth - 1)]]);

    it.each<[string, () => common.SignaturePolicyEnvelope]>([
      ['no rule', () => envelope(undefined, 'A')],
      ['a rule without content', () => envelope(new common.SignaturePolicy(), 'A')],
      ['the index of no principal', () => envelope(rule(1), 'A')],
      ['a negative index', () => envelope(rule(-1), 'A')],
      ['rules nested too deep', () => envelope(nested(17), 'A')],
      [
        'too many rules',
        () => envelope(rule([1, Array.from({ length: 1_024 }, () => rule(0))]), 'A'),
      ],
    ])('%s', (_, policy) => {
      expect(() => signaturePolicyEvaluator(policy())).toThrow(coded('POLICY_MALFORMED'));
    });

    it('rules at the limits not', () => {
      expect(signaturePolicyEvaluator(envelope(nested(16), 'A'))([member('A')])).toBe(true);
    });

    it.each<[string, (principal: msp.MSPPrincipal) => void]>([
      [
        'a principal by identity',
        (principal) => {
          principal.setPrincipalClassification(msp.MSPPrincipal.Classification.IDENTITY);
        },
      ],
      [
        'a role of which nothing is known',
        (principal) => {
          principal.setPrincipal(Buffer.from('0a01411063', 'hex'));
        },
      ],
      [
        'a truncated role',
        (principal) => {
          principal.setPrincipal(principal.getPrincipal_asU8().subarray(0, -3));
        },
      ],
    ])('%s', (_, change) => {
      const policy = signaturePolicy(1, [{ mspId: 'AlphaMSP', role: 'peer' }]);
      change(policy.getIdentitiesList()[0]!);
      expect(() => signaturePolicyEvaluator(policy)).toThrow(coded('POLICY_MALFORMED'));
    });
  });
});

describe('implicitMetaEvaluator', () => {
  const yes = (): boolean => true;
  const no = (): boolean => false;

  it.each([
    ['ANY', 0, 0, true],
    ['ALL', 0, 0, true],
    ['MAJORITY', 0, 0, true],
    ['ANY', 0, 3, false],
    ['ANY', 1, 3, true],
    ['ALL', 2, 3, false],
    ['ALL', 3, 3, true],
    ['MAJORITY', 1, 2, false],
    ['MAJORITY', 2, 2, true],
    ['MAJORITY', 1, 3, false],
    ['MAJORITY', 2, 3, true],
    ['MAJORITY', 2, 4, false],
    ['MAJORITY', 3, 4, true],
  ] as const)('%s with %d of %d is %p', (metaRule, satisfied, total, expected) => {
    const policies = Array.from({ length: total }, (_, index) => (index < satisfied ? yes : no));
    expect(implicitMetaEvaluator(metaRule, policies)([])).toBe(expected);
  });
});
