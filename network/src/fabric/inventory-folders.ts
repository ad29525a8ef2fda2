/**
 * Writes what each host of an inventory is given: the channel's block 0 and everybody's certificates, which all share, and the keys
 * of what it runs alone. Whoever runs an organisation's peer, or an orderer organisation's first orderer, has its CAs and its
 * administrator too. All keys are made in one place here; that place is the folder `all`, to be locked away or destroyed.
 */
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { writeFileAtomic } from '../atomic-file.ts';
import { writeConnectionProfiles, type ProfileNetwork } from '../membership/connection-profile.ts';
import { FabricError } from './errors.ts';
import { folderExists } from '../membership/folder.ts';
import type { FabricBinaries } from './binaries.ts';
import { makeGenesis } from './channel.ts';
import type { Batch } from './configtx.ts';
import { hostsOf, type Inventory } from './inventory.ts';
import { inventoryTopology, partOf } from './inventory-topology.ts';
import { openMembers, type Members } from './members.ts';
import { writePackage } from './node-files.ts';
import {
  chaincodeKeyFolder,
  channelFolder,
  keyFolder,
  organisationFolder,
  packageFile,
  tlsRootFile,
} from './paths.ts';
import type { NetworkNode, OrdererNode, PeerNode, Topology } from './topology.ts';

/** What a host's folder says of itself. */
export interface HostFile {
  readonly host: string;
  /** The text of the inventory. */
  readonly inventory: unknown;
  /** By the chaincode server's full name. */
  readonly packageIds: Readonly<Record<string, string>>;
}

export const HOST_FILE = 'host.json';

export interface HostFolder {
  /** As the inventory names it. */
  readonly host: string;
  /** To be brought to that host, by a way that keeps keys secret. */
  readonly folder: string;
  /** Full names of the nodes that it runs. */
  readonly runs: readonly string[];
}

export interface HostFoldersOptions {
  /** As {@link readInventory} read it. */
  readonly inventory: Inventory;
  /** The JSON that it was read from. */
  readonly text: string;
  /** A folder for each host is made below, by its name, and `all`. */
  readonly directory: string;
  readonly binaries: FabricBinaries;
  /** @default 500 transactions, 100 ms */
  readonly batch?: Partial<Batch>;
}

/** Copies a file or a folder of the place where all keys are to the same path of a host's folder. */
type Give = (path: string) => Promise<void>;

function giver(all: string, folder: string): Give {
  return async (path) => {
    const to = join(folder, relative(all, path));
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await cp(path, to, { recursive: true });
  };
}

function nodesOf({ orderers, peers, chaincodes }: Omit<Topology, 'channel'>): NetworkNode[] {
  return [...orderers, ...peers, ...chaincodes];
}

/** Its own organisations: those whose peer, or whose first orderer, it runs. */
function leaderOf(topology: Topology, node: OrdererNode | PeerNode): boolean {
  const nodes: readonly NetworkNode[] =
    node.kind === 'orderer' ? topology.orderers : topology.peers;
  return nodes.find(({ mspId }) => mspId === node.mspId) === node;
}

async function giveMember(all: string, node: OrdererNode | PeerNode, give: Give): Promise<void> {
  const organisation = organisationFolder(all, node);
  for (const part of ['ca', 'tlsca', 'users']) await give(join(organisation, part));
}

async function giveKeys(
  all: string,
  topology: Topology,
  part: Omit<Topology, 'channel'>,
  give: Give,
): Promise<void> {
  for (const node of [...part.orderers, ...part.peers]) {
    await give(keyFolder(all, node));
    // Its administrator joins it to the channel and looks after its health.
    if (leaderOf(topology, node)) await giveMember(all, node, give);
    else await give(join(organisationFolder(all, node), 'users'));
  }
  for (const node of part.chaincodes) {
    const tls = join(chaincodeKeyFolder(all, node), 'tls');
    for (const file of ['server.crt', 'server.key', 'ca.crt']) await give(join(tls, file));
  }
  const served = topology.chaincodes.filter((node) =>
    part.peers.some(({ mspId }) => mspId === node.mspId),
  );
  for (const node of served) await give(packageFile(all, node));
}

/** What everybody may see. */
async function giveShared(all: string, topology: Topology, give: Give): Promise<void> {
  await give(channelFolder(all));
  for (const node of nodesOf(topology)) {
    await give(tlsRootFile(all, node));
    await give(join(organisationFolder(all, node), 'msp'));
  }
}

function profileOf({ channel, orderers, peers }: Topology, members: Members): ProfileNetwork {
  const nodeOf = ({ name, host, port, mspId }: OrdererNode | PeerNode) => ({
    name,
    host,
    port,
    tlsRootCertificate: members.get(mspId)?.roots.tlsRootCertificate ?? '',
  });
  return {
    channel,
    organisations: peers.map((peer) => ({
      name: peer.organisation,
      mspId: peer.mspId,
      peers: [nodeOf(peer)],
    })),
    orderers: orderers.map((node) => ({ ...nodeOf(node), mspId: node.mspId })),
  };
}

async function makePackages(
  all: string,
  { chaincodes }: Topology,
): Promise<Readonly<Record<string, string>>> {
  const ids = chaincodes.map(
    async (node) => [node.name, await writePackage(all, node, node.chaincode)] as const,
  );
  return Object.fromEntries(await Promise.all(ids));
}

/**
 * Writes a folder for each host.
 *
 * @throws {@link FabricError} OPTIONS_INVALID when a folder is there already, COMMAND_FAILED
 */
export async function writeHostFolders(
  options: HostFoldersOptions,
): Promise<readonly HostFolder[]> {
  const { inventory, directory, batch } = options;
  const hosts = hostsOf(inventory);
  const all = join(directory, 'all');
  for (const folder of hosts.map((host) => join(directory, host))) {
    if (await folderExists(folder)) {
      throw new FabricError('OPTIONS_INVALID', `${folder} is there already: its keys are kept`);
    }
  }
  const topology = inventoryTopology(inventory, {});
  const members = await openMembers(all, topology);
  await makeGenesis({ ...options, directory: all }, topology, {
    maxMessageCount: 500,
    timeoutMs: 100,
    ...batch,
  });
  const packageIds = await makePackages(all, topology);
  return Promise.all(
    hosts.map(async (host) => {
      const folder = join(directory, host);
      const part = partOf(inventory, topology, host);
      const give = giver(all, folder);
      await giveShared(all, topology, give);
      await giveKeys(all, topology, part, give);
      await writeConnectionProfiles(folder, profileOf(topology, members));
      const file: HostFile = { host, inventory: JSON.parse(options.text) as unknown, packageIds };
      await writeFileAtomic(join(folder, HOST_FILE), `${JSON.stringify(file, undefined, 2)}\n`);
      return { host, folder, runs: nodesOf(part).map(({ name }) => name) };
    }),
  );
}
