import {
  endorsementPolicyOf,
  majorityOfOrganisations,
  type Endorser,
} from '../../../network/src/embedded/endorsement-policy.ts';

const endorser = (mspId: string, role: Endorser['role'] = 'peer'): Endorser => ({
  mspId,
  role,
  fingerprint: `${mspId}.${role}`,
});

describe('majorityOfOrganisations', () => {
  const policy = majorityOfOrganisations(['A', 'B', 'C']);
  const short = (count: number): unknown => ({
    valid: false,
    reason: `expected endorsements of 2 of 3 organisations, got ${count}`,
  });

  it('is satisfied by more than half', () => {
    expect(policy.evaluate([endorser('A'), endorser('C')])).toEqual({ valid: true });
    expect(policy.evaluate(['A', 'B', 'C'].map((name) => endorser(name)))).toEqual({ valid: true });
  });

  it('is not satisfied by half', () => {
    expect(policy.evaluate([])).toEqual(short(0));
    expect(policy.evaluate([endorser('B')])).toEqual(short(1));
    expect(majorityOfOrganisations(['A', 'B']).evaluate([endorser('A')]).valid).toBe(false);
  });

  it('counts an organisation once', () => {
    const other = { ...endorser('A'), fingerprint: 'another peer of A' };
    expect(policy.evaluate([endorser('A'), other, endorser('A')])).toEqual(short(1));
    expect(majorityOfOrganisations(['A', 'A', 'B']).evaluate([endorser('A')]).valid).toBe(false);
  });

  it('does not count clients, admins, orderers and strangers', () => {
    const others = [
      endorser('A', 'client'),
      endorser('B', 'admin'),
      endorser('B', 'orderer'),
      endorser('D'),
    ];
    expect(policy.evaluate([...others, endorser('C')])).toEqual(short(1));
  });

  it('needs an organisation', () => {
    expect(() => majorityOfOrganisations([])).toThrow(RangeError);
  });
});

describe('endorsementPolicyOf', () => {
  it('says which policy is not met', () => {
    const policy = endorsementPolicyOf('OutOf(2, …)', (endorsers) => endorsers.length === 2);
    expect(policy.evaluate([endorser('A'), endorser('B')])).toEqual({ valid: true });
    expect(policy.evaluate([endorser('A')])).toEqual({
      valid: false,
      reason: 'expected endorsements that satisfy OutOf(2, …), got 1',
    });
  });
});
