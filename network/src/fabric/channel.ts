/** Makes the channel by Fabric's own tools: block 0 by configtxgen, orderers join by osnadmin, peers by `peer channel join`. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { readIfThere } from '../atomic-file.ts';
import type { FabricBinaries } from './binaries.ts';
import { cleanEnvironment, run } from './command.ts';
import { FabricError } from './errors.ts';
import { configtxYaml, PROFILE, type Batch } from './configtx.ts';
import {
  administratorFolder,
  channelFolder,
  genesisFile,
  keyFolder,
  nodeFolder,
  organisationFolder,
  tlsRootFile,
} from './paths.ts';
import type { NetworkNode, OrdererNode, PeerNode, Topology } from './topology.ts';

export interface ChannelTools {
  readonly directory: string;
  readonly binaries: FabricBinaries;
  readonly signal?: AbortSignal | undefined;
}

/** Writes configtx.yaml and block 0, unless there is one. */
export async function makeGenesis(
  { directory, binaries, signal }: ChannelTools,
  topology: Topology,
  batch: Batch,
): Promise<void> {
  const block = genesisFile(directory, topology.channel);
  if ((await readIfThere(block)) !== undefined) return;
  const folder = channelFolder(directory);
  await mkdir(folder, { recursive: true });
  const text = configtxYaml({
    topology,
    batch,
    mspFolderOf: (node) => join(relative(folder, organisationFolder(directory, node)), 'msp'),
    keyFolderOf: (node) => relative(folder, keyFolder(directory, node)),
  });
  await writeFile(join(folder, 'configtx.yaml'), text);
  const draft = `${block}.draft`;
  await run({
    program: binaries.configtxgen,
    args: ['-profile', PROFILE, '-channelID', topology.channel, '-outputBlock', draft],
    environment: cleanEnvironment({ FABRIC_CFG_PATH: folder, FABRIC_LOGGING_SPEC: 'warning' }),
    signal,
  });
  await rename(draft, block);
}

/** What osnadmin shows an orderer as the administrator of its organisation. */
function osnadminArguments(directory: string, node: OrdererNode): readonly string[] {
  const tls = join(administratorFolder(directory, node), 'tls');
  return [
    ...['-o', `127.0.0.1:${node.adminPort}`],
    ...['--ca-file', tlsRootFile(directory, node)],
    ...['--client-cert', join(tls, 'client.crt')],
    ...['--client-key', join(tls, 'client.key')],
  ];
}

/** Joins once: a start that broke off after the node's answer joins again, which the node refuses in words that say so. */
async function once(
  directory: string,
  node: NetworkNode,
  channel: string,
  act: () => Promise<void>,
): Promise<void> {
  const mark = join(nodeFolder(directory, node), `joined-${channel}`);
  if ((await readIfThere(mark)) !== undefined) return;
  await act();
  await writeFile(mark, '');
}

export async function joinOrderer(
  { directory, binaries, signal }: ChannelTools,
  node: OrdererNode,
  channel: string,
): Promise<void> {
  await once(directory, node, channel, async () => {
    const answer = await run({
      program: binaries.osnadmin,
      args: [
        ...['channel', 'join', '--channelID', channel],
        ...['--config-block', genesisFile(directory, channel)],
        ...osnadminArguments(directory, node),
      ],
      environment: cleanEnvironment({}),
      signal,
    });
    // Its exit code is 0 whatever the orderer answers.
    if (!/Status: 201/.test(answer) && !answer.includes('already exists')) {
      throw new FabricError('COMMAND_FAILED', `${node.name} did not join ${channel}: ${answer}`);
    }
  });
}

/** The environment in which `peer` works for a peer, as the administrator of its organisation. */
export function peerEnvironment(
  directory: string,
  node: PeerNode,
): Readonly<Record<string, string>> {
  return cleanEnvironment({
    FABRIC_CFG_PATH: nodeFolder(directory, node),
    FABRIC_LOGGING_SPEC: 'error',
    CORE_PEER_MSPCONFIGPATH: join(administratorFolder(directory, node), 'msp'),
  });
}

export async function joinPeer(
  { directory, binaries, signal }: ChannelTools,
  node: PeerNode,
  channel: string,
): Promise<void> {
  await once(directory, node, channel, async () => {
    try {
      await run({
        program: binaries.peer,
        args: ['channel', 'join', '-b', genesisFile(directory, channel)],
        environment: peerEnvironment(directory, node),
        signal,
      });
    } catch (error) {
      if (!(error instanceof FabricError) || !error.message.includes('already exists')) throw error;
    }
  });
}
