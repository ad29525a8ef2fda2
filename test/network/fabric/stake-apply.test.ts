/** What is done when stake moves, with a program in the place of `peer`; stake.test.ts does it with the real one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { common } from '@hyperledger/fabric-protos';

import { encodeStakeTable, type StakeTable } from '../../../chaincode/src/stake/index.ts';
import { newGenesisBlock } from '../../../network/src/embedded/genesis.ts';
import { coalitionsOf, signaturePolicyOf } from '../../../network/src/fabric/coalitions.ts';
import {
  lifecyclePolicyUpdate,
  readConfigBlock,
} from '../../../network/src/fabric/config-update.ts';
import {
  appliedLines,
  applyStake,
  planStake,
  type StakeApplyOptions,
} from '../../../network/src/fabric/stake-apply.ts';
import { addressOf } from '../../../network/src/fabric/topology.ts';
import { aHolder, aTable } from '../../chaincode/stake/tables.ts';
import { newDefinition } from '../embedded/channels.ts';
import { NOW } from '../membership/certificates.ts';
import { FalsePeer, type FalseChannel } from './false-peer.ts';
import { newTopology } from './topologies.ts';

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
const topology = newTopology();
const PAIRS =
  "OR(AND('NorthlightMSP.peer','HeliosMSP.peer'),AND('NorthlightMSP.peer','MeridianMSP.peer')," +
  "AND('HeliosMSP.peer','MeridianMSP.peer'))";

const table = aTable([
  aHolder('HeliosMSP', 30),
  aHolder('MeridianMSP', 25),
  aHolder('NorthlightMSP', 45),
]);
const text = (given: StakeTable): string => Buffer.from(encodeStakeTable(given)).toString();

function parameterOf(given: StakeTable | undefined): string {
  const policy = new common.ApplicationPolicy();
  if (given) policy.setSignaturePolicy(signaturePolicyOf(coalitionsOf(given)));
  else policy.setChannelConfigPolicyReference('/Channel/Application/Endorsement');
  return Buffer.from(policy.serializeBinary()).toString('base64');
}

let folder: string;
let before: common.Block;
let peer: FalsePeer;
let options: StakeApplyOptions;

/** The configuration after an update to a table's coalitions. */
function updatedBlock(given: StakeTable): string {
  const current = readConfigBlock(before.serializeBinary());
  const update = lifecyclePolicyUpdate(current, signaturePolicyOf(coalitionsOf(given)));
  const written = update.getWriteSet()!.getGroupsMap().get('Application')!.getPoliciesMap();
  const block = before.cloneMessage();
  const envelope = common.Envelope.deserializeBinary(block.getData()!.getDataList_asU8()[0]!);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const content = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8());
  const groups = content.getConfig()!.getChannelGroup()!.getGroupsMap();
  groups
    .get('Application')!
    .getPoliciesMap()
    .set('LifecycleEndorsement', written.get('LifecycleEndorsement')!);
  payload.setData(content.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  block.getData()!.setDataList([envelope.serializeBinary()]);
  return Buffer.from(block.serializeBinary()).toString('base64');
}

beforeAll(async () => {
  before = newGenesisBlock(await newDefinition(), { createdAt: NOW });
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stake-apply-'));
  const channel: FalseChannel = {
    table: text(table),
    definition: {
      sequence: 1,
      version: '1',
      validation_plugin: 'vscc',
      validation_parameter: parameterOf(undefined),
    },
    nextParameter: parameterOf(table),
    config: Buffer.from(before.serializeBinary()).toString('base64'),
    nextConfig: updatedBlock(table),
    refusing: [],
    down: [],
    silent: [],
  };
  peer = await FalsePeer.in(join(folder, 'bin'), channel);
  const binaries = { peer: peer.program, orderer: '', configtxgen: '', osnadmin: '' };
  options = { directory: folder, binaries, topology, chaincode: 'lamplighter' };
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('applying stake', () => {
  it('redefines the chaincode and updates the channel, once', async () => {
    const applied = await applyStake(options);
    expect(applied).toEqual({
      kind: 'coalitions',
      policy: PAIRS,
      sequence: 2,
      lifecycleChanged: true,
      missing: [],
    });
    const approvals = await peer.calls('approveformyorg');
    expect(approvals).toHaveLength(3);
    for (const [domain = '', ...args] of approvals) {
      expect(args).toEqual(expect.arrayContaining(['--sequence', '2', PAIRS, `l:${domain}`]));
    }
    const again = await applyStake(options);
    expect(again).toEqual({ ...applied, sequence: undefined, lifecycleChanged: false });
    expect(appliedLines(again)).toEqual([]);
    expect(await peer.calls('commit')).toHaveLength(1);
  });

  it('has a majority of administrators sign the update, the last of whom sends it', async () => {
    await applyStake(options);
    const signed = (await peer.calls('signconfigtx')).map(([domain]) => domain);
    const sent = (await peer.calls('update')).map(([domain]) => domain);
    expect(new Set([...signed, ...sent]).size).toBe(2);
    expect(sent).toHaveLength(1);
  });

  it('leaves the definition alone where the plugin judges', async () => {
    const definition = {
      sequence: 4,
      version: '1',
      validation_plugin: 'lamplighter-stake',
      validation_parameter: parameterOf(undefined),
    };
    peer.change({ definition });
    const applied = await applyStake(options);
    expect(applied).toMatchObject({ kind: 'plugin', sequence: undefined, lifecycleChanged: true });
    expect(appliedLines(applied)).toEqual([`contracts are replaced by: ${PAIRS}`]);
    expect(await peer.calls('approveformyorg')).toEqual([]);
  });

  it('goes on without an organisation that does not approve, and says so', async () => {
    peer.change({ refusing: ['helios.example'] });
    const applied = await applyStake(options);
    expect(applied.missing).toEqual([
      { mspId: 'HeliosMSP', reason: expect.stringContaining('not now') as string },
    ]);
    const [commit = []] = await peer.calls('commit');
    const helios = topology.peers.find(({ mspId }) => mspId === 'HeliosMSP')!;
    expect(commit.filter((each) => each === '--peerAddresses')).toHaveLength(2);
    expect(commit).not.toContain(addressOf(helios));
    expect(appliedLines(applied).join('\n')).toContain('HeliosMSP did not approve');
  });

  it('fails where nobody approves', async () => {
    peer.change({ refusing: topology.peers.map(({ domain }) => domain) });
    await expect(applyStake(options)).rejects.toThrow(coded('COMMAND_FAILED'));
    expect(await peer.calls('commit')).toEqual([]);
  });

  it('asks the next orderer where one is silent', async () => {
    const addresses = topology.orderers.map(addressOf);
    peer.change({ silent: addresses.slice(0, 2) });
    expect(await applyStake(options)).toMatchObject({ sequence: 2, lifecycleChanged: true });
    peer.change({ silent: addresses });
    await expect(applyStake(options)).rejects.toThrow(coded('COMMAND_FAILED'));
  });

  it('asks the next peer where one is down', async () => {
    peer.change({ down: ['northlight.example'] });
    expect(await applyStake(options)).toMatchObject({ sequence: 2, lifecycleChanged: true });
    peer.change({ down: topology.peers.map(({ domain }) => domain) });
    await expect(applyStake(options)).rejects.toThrow(coded('COMMAND_FAILED'));
  });

  it('changes nothing where nobody could decide then', async () => {
    const burned = aTable([aHolder('HeliosMSP', 30), aHolder('MeridianMSP', 20)], { issued: 100n });
    peer.change({ table: text(burned) });
    await expect(applyStake(options)).rejects.toThrow(coded('NO_COALITION'));
    expect(await peer.calls('approveformyorg')).toEqual([]);
    expect(await peer.calls('update')).toEqual([]);
  });

  it('refuses what is no answer', async () => {
    peer.change({ table: 'nonsense' });
    await expect(applyStake(options)).rejects.toThrow(coded('ANSWER_MALFORMED'));
    peer.change({ table: text(table), definition: {} as FalseChannel['definition'] });
    await expect(applyStake(options)).rejects.toThrow(coded('ANSWER_MALFORMED'));
  });
});

describe('a plan', () => {
  it('is written where the channel has another policy, and changes nothing', async () => {
    const file = join(folder, 'update.pb');
    expect(await planStake(options, file)).toEqual({ policy: PAIRS, written: true });
    expect(await peer.calls('update')).toEqual([]);
    peer.change({ config: updatedBlock(table) });
    expect(await planStake(options, file)).toEqual({ policy: PAIRS, written: false });
  });
});
