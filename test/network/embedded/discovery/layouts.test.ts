import { common } from '@hyperledger/fabric-protos';
import { encodeStakeTable } from '@lamplighter/chaincode/stake';

import { signaturePolicy } from '../../../../network/src/embedded/config-policies.ts';
import { channelGroup } from '../../../../network/src/embedded/channel-config.ts';
import { ChannelView } from '../../../../network/src/embedded/discovery/channel-view.ts';
import { callOf, type ChaincodeCall } from '../../../../network/src/embedded/discovery/interest.ts';
import { LayoutFinder } from '../../../../network/src/embedded/discovery/layouts.ts';
import {
  STAKE_PLUGIN,
  type ChaincodeDefinition,
} from '../../../../network/src/embedded/peer/definitions.ts';
import type { Neighbour } from '../../../../network/src/embedded/peer/neighbour.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';
import { newDefinition } from '../channels.ts';
import { endorsement, newChaincode, newNeighbour } from '../neighbours.ts';

const [NORTHLIGHT, HELIOS, MERIDIAN] = ['NorthlightMSP', 'HeliosMSP', 'MeridianMSP'] as const;
const ALL = [NORTHLIGHT, HELIOS, MERIDIAN] as const;

function ofPeers(needed: number, ...mspIds: readonly string[]): common.SignaturePolicyEnvelope {
  return signaturePolicy(
    needed,
    mspIds.map((mspId) => ({ mspId, role: 'peer' })),
  );
}

function withPolicy(name: string, policy: common.SignaturePolicyEnvelope): ChaincodeDefinition {
  const parameter = new common.ApplicationPolicy();
  parameter.setSignaturePolicy(policy);
  return newChaincode(name, parameter.serializeBinary());
}

const DEFINITIONS = new Map(
  [
    newChaincode('features'),
    withPolicy('helios', ofPeers(1, HELIOS)),
    withPolicy('either', ofPeers(1, NORTHLIGHT, HELIOS)),
    { ...newChaincode('staked'), validationPlugin: STAKE_PLUGIN },
    withPolicy('nobody', ofPeers(1, 'NowhereMSP')),
    withPolicy('twice', ofPeers(2, HELIOS, HELIOS)),
    withPolicy('admins', signaturePolicy(1, [{ mspId: HELIOS, role: 'admin' }])),
  ].map((definition) => [definition.name, definition]),
);

const peerOf = (mspId: string, installed: readonly string[] = [...DEFINITIONS.keys()]): Neighbour =>
  newNeighbour(mspId, () => endorsement('x', mspId), {
    chaincodes: () =>
      Promise.resolve(new Map([...DEFINITIONS].filter(([name]) => installed.includes(name)))),
  });

describe('LayoutFinder', () => {
  let finder: LayoutFinder;
  const peers = ALL.map((mspId) => peerOf(mspId));

  beforeAll(async () => {
    finder = new LayoutFinder('city', new ChannelView(channelGroup(await newDefinition())), ALL);
  });

  const find = async (
    calls: readonly (string | ChaincodeCall)[],
    of: readonly Neighbour[] = peers,
    table: Uint8Array | null = null,
  ): Promise<readonly (readonly string[])[]> => {
    const interest = calls.map((call) => (typeof call === 'string' ? callOf(call) : call));
    const asking = {
      definitions: () => Promise.resolve(DEFINITIONS),
      stakeTable: () => Promise.resolve(table),
    };
    const { layouts } = await finder.find(interest, of, asking);
    return layouts.map((layout) => [...layout.keys()].sort()).sort();
  };

  it("takes the channel's majority unless the definition says otherwise", async () => {
    const majority = [
      [HELIOS, MERIDIAN],
      [HELIOS, NORTHLIGHT],
      [MERIDIAN, NORTHLIGHT],
    ];
    await expect(find(['features'])).resolves.toEqual(majority);
    await expect(find(['_lifecycle'])).resolves.toEqual(majority);
  });

  it("takes the definition's own policy", async () => {
    await expect(find(['helios'])).resolves.toEqual([[HELIOS]]);
    await expect(find(['either'])).resolves.toEqual([[HELIOS], [NORTHLIGHT]]);
  });

  it('asks stake where it decides, and a majority while there is none', async () => {
    const table = encodeStakeTable(
      aTable([aHolder(HELIOS, 30), aHolder(MERIDIAN, 25), aHolder(NORTHLIGHT, 45)], {
        validator: MERIDIAN,
      }),
    );
    await expect(find(['staked'], peers, table)).resolves.toEqual([
      [HELIOS, MERIDIAN],
      [MERIDIAN, NORTHLIGHT],
    ]);
    await expect(find(['staked', 'helios'], peers, table)).resolves.toEqual([[HELIOS, MERIDIAN]]);
    await expect(find(['staked'], peers.slice(0, 2), table)).rejects.toThrow(
      'no peer combination can satisfy',
    );
    await expect(find(['staked'])).resolves.toEqual(await find(['features']));
  });

  it('satisfies the policies of all chaincodes that are called', async () => {
    await expect(find(['features', 'helios'])).resolves.toEqual([
      [HELIOS, MERIDIAN],
      [HELIOS, NORTHLIGHT],
    ]);
  });

  it("adds the policies of keys, or takes them in the chaincode's place", async () => {
    const keyPolicies = [ofPeers(1, MERIDIAN)];
    const call = { ...callOf('helios'), keyPolicies };
    await expect(find([call])).resolves.toEqual([[HELIOS, MERIDIAN]]);
    await expect(find([{ ...call, keyPoliciesOnly: true }])).resolves.toEqual([[MERIDIAN]]);
  });

  it('leaves out peers that are away, and peers without the chaincode', async () => {
    await expect(find(['features'], peers.slice(1))).resolves.toEqual([[HELIOS, MERIDIAN]]);
    const some = [peerOf(NORTHLIGHT), peerOf(HELIOS), peerOf(MERIDIAN, [])];
    await expect(find(['features'], some)).resolves.toEqual([[HELIOS, NORTHLIGHT]]);
  });

  it.each([
    ['an unknown chaincode', ['absent'], 'No metadata was found for chaincode absent'],
    ['a policy of strangers', ['nobody'], 'no peer combination can satisfy'],
    ['a policy of admins', ['admins'], 'endorsement policy cannot be satisfied'],
    ['two peers of an organisation', ['twice'], 'not installed on sufficient peers'],
    [
      'a private collection',
      [{ ...callOf('features'), collections: ['secrets'] }],
      'no private data',
    ],
    [
      'no policy at all',
      [{ ...callOf('features'), keyPoliciesOnly: true }],
      "disregard chaincode features's policy",
    ],
  ])('has nothing to offer for %s', async (_name, calls, reason) => {
    await expect(find(calls)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(reason) as string,
    });
  });
});
