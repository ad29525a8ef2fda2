import { common } from '@hyperledger/fabric-protos';

import { channelGroup } from '../../../network/src/embedded/channel-config.ts';
import { ChannelPolicies } from '../../../network/src/embedded/channel-policies.ts';
import type { Role } from '../../../network/src/embedded/msp.ts';
import type { PolicyMember } from '../../../network/src/embedded/policies.ts';
import { newDefinition } from './channels.ts';
import { coded } from '../coded.ts';

const member = (name: string, role: Role): PolicyMember => ({
  mspId: `${name}MSP`,
  role,
  fingerprint: `${name}.${role}`,
});
const members = (role: Role, ...names: readonly string[]): PolicyMember[] =>
  names.map((name) => member(name, role));

describe('ChannelPolicies', () => {
  let bytes: Uint8Array;
  let policies: ChannelPolicies;
  const group = (): common.ConfigGroup => common.ConfigGroup.deserializeBinary(bytes);

  beforeAll(async () => {
    bytes = channelGroup(await newDefinition()).serializeBinary();
    policies = new ChannelPolicies(group());
  });

  it.each<[string, Role, boolean]>([
    ['/Channel/Writers', 'client', true],
    ['/Channel/Writers', 'admin', true],
    ['/Channel/Writers', 'peer', false],
    ['/Channel/Writers', 'orderer', false],
    ['/Channel/Application/Writers', 'client', true],
    ['/Channel/Readers', 'peer', true],
    ['/Channel/Readers', 'orderer', false],
    ['/Channel/Application/HeliosMSP/Readers', 'client', true],
    ['/Channel/Application/NorthlightMSP/Readers', 'client', false],
    ['/Channel/Orderer/Writers', 'client', false],
  ])('%s is met by a %s of a vendor: %p', (path, role, expected) => {
    expect(policies.get(path)(members(role, 'Helios'))).toBe(expected);
  });

  it('lets the orderer write blocks', () => {
    const [orderer] = members('orderer', 'Orderer');
    expect(policies.get('/Channel/Orderer/BlockValidation')([orderer!])).toBe(true);
    expect(policies.get('/Channel/Application/Writers')([orderer!])).toBe(false);
  });

  it('asks a majority of organisations for endorsements and for administration', () => {
    const endorsement = policies.get('/Channel/Application/Endorsement');
    expect(endorsement(members('peer', 'Northlight'))).toBe(false);
    expect(endorsement(members('peer', 'Northlight', 'Meridian'))).toBe(true);
    expect(endorsement(members('client', 'Northlight', 'Meridian'))).toBe(false);
    const admins = policies.get('/Channel/Application/Admins');
    expect(admins(members('admin', 'Northlight'))).toBe(false);
    expect(admins(members('admin', 'Northlight', 'Helios'))).toBe(true);
  });

  it.each([
    '',
    '/',
    '/Channel',
    '/Channel/None',
    '/Channel/None/Readers',
    'Channel/Readers',
    '/Readers',
  ])('rejects everybody at %j', (path) => {
    const everybody = (['client', 'peer', 'admin', 'orderer'] as const).flatMap((role) =>
      members(role, 'Northlight', 'Helios', 'Meridian', 'Orderer'),
    );
    expect(policies.get(path)(everybody)).toBe(false);
  });

  it('counts a group without the policy as one that refuses', () => {
    const changed = group();
    const application = changed.getGroupsMap().get('Application')!;
    for (const name of ['HeliosMSP', 'MeridianMSP']) {
      application.getGroupsMap().get(name)!.getPoliciesMap().del('Endorsement');
    }
    const endorsement = new ChannelPolicies(changed).get('/Channel/Application/Endorsement');
    expect(endorsement(members('peer', 'Northlight', 'Helios', 'Meridian'))).toBe(false);
  });

  it.each<[string, (policy: common.Policy) => void]>([
    [
      'a policy of unknown type',
      (policy) => {
        policy.setType(2);
      },
    ],
    [
      'a truncated implicit policy',
      (policy) => {
        policy.setValue(policy.getValue_asU8().subarray(0, -3));
      },
    ],
    [
      'an implicit policy of unknown rule',
      (policy) => {
        policy.setValue(Buffer.from('1009', 'hex'));
      },
    ],
    [
      'a truncated signature policy',
      (policy) => {
        policy.setType(common.Policy.PolicyType.SIGNATURE);
        policy.setValue(Buffer.from('1205', 'hex'));
      },
    ],
  ])('refuses %s', (_, change) => {
    const changed = group();
    change(changed.getPoliciesMap().get('Readers')!.getPolicy()!);
    expect(() => new ChannelPolicies(changed)).toThrow(coded('POLICY_MALFORMED'));
  });

  it('refuses an empty policy and groups nested too deep', () => {
    const empty = group();
    empty.getPoliciesMap().set('Readers', new common.ConfigPolicy());
    expect(() => new ChannelPolicies(empty)).toThrow(coded('POLICY_MALFORMED'));
    let deep = new common.ConfigGroup();
    for (let depth = 0; depth < 17; depth++) {
      const parent = new common.ConfigGroup();
      parent.getGroupsMap().set('child', deep);
      deep = parent;
    }
    expect(() => new ChannelPolicies(deep)).toThrow(coded('POLICY_MALFORMED'));
  });
});
