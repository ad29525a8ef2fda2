/**
 * Brings what a channel has committed to its stake table, as its administrators would by hand: the chaincode's endorsement policy, where
 * no plugin judges by the table itself, and who may replace chaincodes, in any case. Done twice, it does nothing the second time.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { common } from '@hyperledger/fabric-protos';

import { messageOf } from '../errors.ts';
import type { ChannelTools } from './channel.ts';
import {
  coalitionsOf,
  policyText,
  readCoalitions,
  sameCoalitions,
  signaturePolicyOf,
  type Coalition,
} from './coalitions.ts';
import {
  lifecyclePolicyOf,
  lifecyclePolicyUpdate,
  organisationsOf,
  readConfigBlock,
  updateEnvelope,
  type ChannelConfig,
} from './config-update.ts';
import { FabricError } from './errors.ts';
import { Lifecycle, STAKE_PLUGIN } from './lifecycle.ts';
import { tlsRootFile } from './paths.ts';
import {
  asAdministrator,
  readApprovedPackage,
  readDefinition,
  readTable,
  type CommittedDefinition,
} from './stake-ledger.ts';
import {
  addressOf,
  type NetworkNode,
  type OrdererNode,
  type PeerNode,
  type Topology,
} from './topology.ts';

export interface StakeApplyOptions extends ChannelTools {
  readonly topology: Topology;
  /** Name of the chaincode that has the table. */
  readonly chaincode: string;
}

export interface StakeApplied {
  /** What judges transactions. */
  readonly kind: 'plugin' | 'coalitions';
  /** The coalitions, as `--signature-policy` takes them. */
  readonly policy: string;
  /** Of the definition that was committed with it; undefined when there was none to commit. */
  readonly sequence: number | undefined;
  /** Whether another policy was put in place for replacing chaincodes. */
  readonly lifecycleChanged: boolean;
  /** Organisations that did not approve the definition, and why not: it holds without them. */
  readonly missing: readonly { readonly mspId: string; readonly reason: string }[];
}

/** A transaction that is ordered is committed within so many looks. */
const LOOKS = 60;
const LOOK_EVERY_MS = 500;

/**
 * Applies the stake table, with the administrators whose folders are in the directory.
 *
 * @throws {@link FabricError} NO_COALITION, TOO_MANY_ORGANISATIONS; COMMAND_FAILED with the words of the command; NOT_IN_TIME
 */
export async function applyStake(options: StakeApplyOptions): Promise<StakeApplied> {
  const { topology, chaincode } = options;
  const { peer, sets } = await findPeer(options);
  const { orderer, config } = await findOrderer(options, peer);
  const definition = await readDefinition(options, peer, topology.channel, chaincode);
  const byPlugin = definition.validationPlugin === STAKE_PLUGIN;
  const settled = byPlugin || holds(definition.policy, sets);
  const missing = settled ? [] : await redefine(options, orderer, definition, sets);
  const lifecycleChanged = !holds(lifecyclePolicyOf(config), sets);
  if (lifecycleChanged) await updateChannel(options, orderer, config, sets);
  return {
    kind: byPlugin ? 'plugin' : 'coalitions',
    policy: policyText(sets),
    sequence: settled ? undefined : definition.sequence + 1,
    lifecycleChanged,
    missing,
  };
}

/** What was done, in lines worth reading; none when nothing was to be done. */
export function appliedLines({
  policy,
  sequence,
  lifecycleChanged,
  missing,
}: StakeApplied): readonly string[] {
  return [
    ...(sequence === undefined ? [] : [`endorsement: ${policy} from sequence ${sequence} on`]),
    ...(lifecycleChanged ? [`contracts are replaced by: ${policy}`] : []),
    ...missing.map(({ mspId, reason }) => `${mspId} did not approve: ${reason}`),
  ];
}

/**
 * Writes the update of who may replace chaincodes to a file, unsigned, for administrators on other machines: `peer channel signconfigtx`
 * by a majority of them, then `peer channel update`.
 *
 * @returns the policy, as `--signature-policy` takes it; the file is written only where the channel has another one
 */
export async function planStake(
  options: StakeApplyOptions,
  file: string,
): Promise<{ readonly policy: string; readonly written: boolean }> {
  const { peer, sets } = await findPeer(options);
  const { config } = await findOrderer(options, peer);
  const written = !holds(lifecyclePolicyOf(config), sets);
  if (written) {
    await writeFile(file, updateEnvelope(lifecyclePolicyUpdate(config, signaturePolicyOf(sets))));
  }
  return { policy: policyText(sets), written };
}

function holds(
  policy: common.SignaturePolicyEnvelope | undefined,
  sets: readonly Coalition[],
): boolean {
  const committed = policy && readCoalitions(policy);
  return committed !== undefined && sameCoalitions(committed, sets);
}

/** Approves and commits the next sequence. @returns who did not approve */
async function redefine(
  options: StakeApplyOptions,
  orderer: OrdererNode,
  definition: CommittedDefinition,
  sets: readonly Coalition[],
): Promise<StakeApplied['missing']> {
  const { topology, chaincode } = options;
  const { channel, peers } = topology;
  const lifecycle = new Lifecycle(options, orderer);
  const next = {
    channel,
    name: chaincode,
    version: definition.version,
    sequence: definition.sequence + 1,
    signaturePolicy: policyText(sets),
  };
  const approvals = await Promise.allSettled(
    peers.map(async (peer) => {
      const packageId = await readApprovedPackage(options, peer, channel, chaincode);
      await lifecycle.approve(peer, next, packageId);
      return peer;
    }),
  );
  const approved = approvals.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const [committer] = approved;
  const missing = approvals.flatMap((each, index) =>
    each.status === 'rejected'
      ? [{ mspId: peers[index]?.mspId ?? '', reason: messageOf(each.reason) }]
      : [],
  );
  if (committer === undefined) {
    const reasons = missing.map(({ reason }) => reason).join('\n');
    throw new FabricError('COMMAND_FAILED', `no organisation approved: ${reasons}`);
  }
  await lifecycle.commit(committer, next, approved);
  return missing;
}

/** Signed by as many administrators as are more than half, the last of whom sends it. */
async function updateChannel(
  options: StakeApplyOptions,
  orderer: OrdererNode,
  config: ChannelConfig,
  sets: readonly Coalition[],
): Promise<void> {
  const { channel, peers } = options.topology;
  const needed = Math.floor(organisationsOf(config).length / 2) + 1;
  const [sender, ...signers] = peers.slice(0, needed) as [PeerNode, ...PeerNode[]];
  const update = lifecyclePolicyUpdate(config, signaturePolicyOf(sets));
  await inScratch(async (folder) => {
    const file = join(folder, 'update.pb');
    await writeFile(file, updateEnvelope(update));
    // One after the other: each adds its signature to the file.
    for (const signer of signers) {
      await asAdministrator(options, signer, ['channel', 'signconfigtx', '--file', file]);
    }
    await asAdministrator(options, sender, [
      ...['channel', 'update', '--channelID', channel, '--file', file],
      ...ordererArguments(options.directory, orderer),
    ]);
  });
  await untilUpdated(options, sender, orderer, sets);
}

async function untilUpdated(
  options: StakeApplyOptions,
  peer: PeerNode,
  orderer: OrdererNode,
  sets: readonly Coalition[],
): Promise<void> {
  const from = ordererArguments(options.directory, orderer);
  for (let look = 0; look < LOOKS; look++) {
    const config = await fetchConfig(options, peer, from);
    if (holds(lifecyclePolicyOf(config), sets)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new FabricError(
    'NOT_IN_TIME',
    `${orderer.name} did not order the channel's configuration update; it was sent, and may still be`,
  );
}

/** The first peer that answers, and the coalitions by the table that it has. */
function findPeer(
  options: StakeApplyOptions,
): Promise<{ readonly peer: PeerNode; readonly sets: readonly Coalition[] }> {
  const { topology, chaincode } = options;
  return firstAnswer(topology.peers, async (peer) => {
    const table = await readTable(options, peer, topology.channel, chaincode);
    return { peer, sets: coalitionsOf(table) };
  });
}

/** The first orderer that answers, and the configuration that it has. */
function findOrderer(
  options: StakeApplyOptions,
  peer: PeerNode,
): Promise<{ readonly orderer: OrdererNode; readonly config: ChannelConfig }> {
  return firstAnswer(options.topology.orderers, async (orderer) => {
    const args = ordererArguments(options.directory, orderer);
    return { orderer, config: await fetchConfig(options, peer, args) };
  });
}

/** @throws {@link FabricError} COMMAND_FAILED when none answers, with the words of each */
async function firstAnswer<Node extends NetworkNode, Answer>(
  nodes: readonly Node[],
  ask: (node: Node) => Promise<Answer>,
): Promise<Answer> {
  const failures: string[] = [];
  for (const node of nodes) {
    try {
      return await ask(node);
    } catch (error) {
      if (!(error instanceof FabricError) || error.code !== 'COMMAND_FAILED') throw error;
      failures.push(`${node.name}: ${error.message}`);
    }
  }
  throw new FabricError('COMMAND_FAILED', failures.join('\n'));
}

function ordererArguments(directory: string, orderer: OrdererNode): readonly string[] {
  return [
    ...['--orderer', addressOf(orderer), '--tls'],
    ...['--cafile', tlsRootFile(directory, orderer)],
  ];
}

/** @param from - arguments that name the orderer to ask */
function fetchConfig(
  options: StakeApplyOptions,
  peer: PeerNode,
  from: readonly string[],
): Promise<ChannelConfig> {
  return inScratch(async (folder) => {
    const file = join(folder, 'config.block');
    const { channel } = options.topology;
    const args = ['channel', 'fetch', 'config', file, '--channelID', channel, ...from];
    await asAdministrator(options, peer, args);
    return readConfigBlock(new Uint8Array(await readFile(file)));
  });
}

async function inScratch<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'lamplighter-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
