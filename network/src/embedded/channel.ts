/** What all nodes of the network share: organisations on disk, ports, the ordered chain and what its block 0 says. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { common } from '@hyperledger/fabric-protos';

import { ChannelAccess } from './access.ts';
import { ChannelPolicies } from './channel-policies.ts';
import { ChannelView } from './discovery/channel-view.ts';
import { EmbeddedError } from './errors.ts';
import { configOf, membersOf, newGenesisBlock } from './genesis.ts';
import { BlockFile } from './ledger/block-file.ts';
import { OrderedBlock, readStoredBlock } from './ledger/ordered-block.ts';
import { LIMITS } from './limits.ts';
import { loggerOf } from '../network-logger.ts';
import { MspRegistry } from './msp.ts';
import type { CompleteOptions } from './options.ts';
import { OrderingChain } from './orderer/chain.ts';
import { Organisation, type NodeMaterial } from '../membership/organisation.ts';
import { assignPorts, type Ports } from '../membership/ports.ts';
import { newSigner } from '../membership/signer.ts';
import { decode, required } from './wire/messages.ts';

export const ORDERER = {
  mspId: 'OrdererMSP',
  domain: 'orderer.example',
  node: 'orderer0',
} as const;
const PEER_NODE = 'peer0';

/** The one node of an organisation, with its port. */
export interface NetworkNode {
  readonly organisation: Organisation;
  readonly material: NodeMaterial;
  readonly port: number;
}

export interface Channel {
  readonly orderer: NetworkNode;
  /** In the order of the options. */
  readonly peers: readonly NetworkNode[];
  readonly chain: OrderingChain;
  readonly registry: MspRegistry;
  readonly policies: ChannelPolicies;
  readonly view: ChannelView;
  /** MSP ids of the organisations with peers. */
  readonly mspIds: readonly string[];
}

function nodeOf(organisation: Organisation, ports: Ports, name: string): NetworkNode {
  const material = required(organisation.nodes[0], `a node of ${organisation.mspId}`);
  return { organisation, material, port: required(ports[name], `a port for ${name}`) };
}

async function openNodes(
  options: CompleteOptions,
): Promise<{ orderer: NetworkNode; peers: readonly NetworkNode[] }> {
  const { directory, host, clock, organisations } = options;
  const shared = { directory, hosts: [host], clock };
  const ordererOrganisation = await Organisation.open({
    ...shared,
    kind: 'orderer',
    mspId: ORDERER.mspId,
    domain: ORDERER.domain,
    nodes: [ORDERER.node],
  });
  const opened: Organisation[] = [];
  for (const { mspId, domain } of organisations) {
    opened.push(
      await Organisation.open({ ...shared, kind: 'peer', mspId, domain, nodes: [PEER_NODE] }),
    );
  }
  const names = ['orderer', ...organisations.map(({ mspId }) => mspId)];
  const ports = await assignPorts(directory, host, names, options.ports);
  return {
    orderer: nodeOf(ordererOrganisation, ports, 'orderer'),
    peers: opened.map((organisation) => nodeOf(organisation, ports, organisation.mspId)),
  };
}

/** Where a node keeps its blocks; the folder is made when it is missing. */
export async function blockPath(options: CompleteOptions, node: NetworkNode): Promise<string> {
  return join(await ledgerFolder(options, node), 'blocks');
}

/** Where a peer keeps its state and history, made of the blocks. */
export async function statePath(options: CompleteOptions, node: NetworkNode): Promise<string> {
  return join(await ledgerFolder(options, node), 'state');
}

/** Where a peer keeps its chaincode packages. */
export function packagesPath(options: CompleteOptions, node: NetworkNode): string {
  return join(options.directory, 'chaincodes', node.material.name);
}

async function ledgerFolder(options: CompleteOptions, node: NetworkNode): Promise<string> {
  const folder = join(options.directory, 'ledgers', node.material.name, options.channel);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The channel's block 0 as a peer has it: the orderer's file was lost, the channel was not. */
async function storedGenesis(path: string): Promise<OrderedBlock | undefined> {
  const file = await BlockFile.open({ path, remedy: 'delete that file', visit: () => undefined });
  try {
    return file.height === 0 ? undefined : readStoredBlock(await file.read(0)).block;
  } finally {
    await file.close();
  }
}

async function genesis(
  options: CompleteOptions,
  orderer: NetworkNode,
  peers: readonly NetworkNode[],
): Promise<OrderedBlock> {
  for (const node of peers) {
    const stored = await storedGenesis(await blockPath(options, node));
    if (stored) {
      return stored;
    }
  }
  const block = newGenesisBlock(
    {
      channel: options.channel,
      organisations: peers.map(({ organisation, port }) => ({
        mspId: organisation.mspId,
        roots: organisation.roots,
        anchorPeers: [{ host: options.host, port }],
      })),
      orderer: {
        mspId: orderer.organisation.mspId,
        roots: orderer.organisation.roots,
        endpoints: [`${options.host}:${orderer.port}`],
      },
      batch: { ...options.batch, absoluteMaxBytes: LIMITS.envelopeBytes },
    },
    { createdAt: options.clock(), signer: newSigner(orderer.material.credentials) },
  );
  return new OrderedBlock(block);
}

/** @throws {@link EmbeddedError} OPTIONS_INVALID when the directory belongs to a network of other organisations. */
function assertSameMembers(registry: MspRegistry, mspIds: readonly string[]): void {
  const stored = registry.mspIds.filter((mspId) => mspId !== ORDERER.mspId).sort();
  const given = [...mspIds].sort();
  if (stored.join() !== given.join()) {
    throw new EmbeddedError(
      'OPTIONS_INVALID',
      `the directory holds a network of ${stored.join(', ')}, the options name ${given.join(', ')}; ` +
        'the organisations of a network are fixed at its first start',
    );
  }
}

/** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED, OPTIONS_INVALID */
export async function openChannel(options: CompleteOptions): Promise<Channel> {
  const { orderer, peers } = await openNodes(options);
  const chain = await OrderingChain.open({
    path: await blockPath(options, orderer),
    signer: newSigner(orderer.material.credentials),
    batch: options.batch,
    logger: loggerOf(options.logger, 'orderer'),
    genesis: () => genesis(options, orderer, peers),
  });
  try {
    const config = configOf(decode(common.Block, await chain.readBytes(0), 'Block'));
    const registry = new MspRegistry(membersOf(config), { shareVerdicts: options.shareVerdicts });
    const mspIds = peers.map(({ organisation }) => organisation.mspId);
    assertSameMembers(registry, mspIds);
    const root = required(config.getChannelGroup(), 'a channel group');
    const policies = new ChannelPolicies(root);
    return { orderer, peers, chain, registry, policies, view: new ChannelView(root), mspIds };
  } catch (error) {
    await chain.close();
    throw error;
  }
}

/** Who may do what on the orderer ('/Channel') or on a peer ('/Channel/Application'). */
export function accessTo(
  channel: Pick<Channel, 'registry' | 'policies'>,
  group: '/Channel' | '/Channel/Application',
  clock: () => Date,
): ChannelAccess {
  const { registry, policies } = channel;
  return new ChannelAccess({
    registry,
    readers: policies.get(`${group}/Readers`),
    writers: policies.get(`${group}/Writers`),
    clock,
  });
}
