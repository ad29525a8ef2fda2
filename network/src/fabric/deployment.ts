/** Brings a channel to the chaincode definitions that it is started with, as far as they are not there yet. */
import { messageOf } from '../errors.ts';
import { FabricError } from './errors.ts';
import { definitionOf, Lifecycle, type Definition } from './lifecycle.ts';
import type { FabricChaincode, Validation } from './options.ts';
import { waitFor, type Patience } from './patience.ts';
import type { ChaincodeNode, PeerNode, Topology } from './topology.ts';

export interface DeploymentOptions {
  readonly topology: Topology;
  /** Those that this process deploys for; the first of the topology's commits when all others have approved. */
  readonly peers: readonly PeerNode[];
  readonly validation: Validation;
  readonly lifecycle: Lifecycle;
  /** By the chaincode server's full name. */
  readonly packageIds: ReadonlyMap<string, string>;
  /** For orderers, and for other hosts. */
  readonly patience: Patience;
}

interface Site {
  readonly peer: PeerNode;
  readonly chaincode: ChaincodeNode;
  readonly packageId: string;
}

/** Each peer with the server that serves it. */
function sitesOf(
  { topology, peers, packageIds }: DeploymentOptions,
  name: string,
): readonly Site[] {
  return peers.map((peer) => {
    const chaincode = topology.chaincodes.find(
      (each) => each.mspId === peer.mspId && each.chaincode === name,
    );
    const packageId = packageIds.get(chaincode?.name ?? '');
    if (chaincode === undefined || packageId === undefined) {
      throw new FabricError('NOT_FOUND', `${peer.name} expected a server of ${name}, got none`);
    }
    return { peer, chaincode, packageId };
  });
}

/** All that is asked for, to be compared with what was asked for at an earlier start. */
export function deploymentText(options: DeploymentOptions, chaincode: FabricChaincode): string {
  const definition = definitionOf(options.topology.channel, chaincode, options.validation);
  const packages = sitesOf(options, chaincode.name).map(({ packageId }) => packageId);
  return JSON.stringify({ ...definition, packages });
}

/** Orderers that are not enough yet, and what is committed too late to be heard of: to be tried again. */
const PASSING = /SERVICE_UNAVAILABLE|UNAVAILABLE|imed out|deadline exceeded|connection|EOF/;

/** @returns why a command is to be run again */
async function passing(command: () => Promise<void>): Promise<string | undefined> {
  try {
    await command();
    return undefined;
  } catch (error) {
    const message = messageOf(error);
    if (PASSING.test(message)) return message;
    throw error;
  }
}

async function approveAll(
  { lifecycle, patience }: DeploymentOptions,
  definition: Definition,
  sites: readonly Site[],
): Promise<void> {
  const approvals = sites.map(({ peer, packageId }) =>
    waitFor(
      `${peer.mspId} cannot approve ${definition.name}`,
      () => passing(() => lifecycle.approve(peer, definition, packageId)),
      patience,
    ),
  );
  await Promise.all(approvals);
}

async function isCommitted(
  { lifecycle }: DeploymentOptions,
  definition: Definition,
  peer: PeerNode,
): Promise<boolean> {
  const sequence = await lifecycle.sequence(peer, definition.channel, definition.name);
  return sequence >= definition.sequence;
}

/** Commits when all have approved. */
async function commitWithAll(
  options: DeploymentOptions,
  definition: Definition,
  peer: PeerNode,
): Promise<void> {
  const { topology, lifecycle, patience } = options;
  await waitFor(
    `${definition.name} cannot be committed`,
    async () => {
      const approved = await lifecycle.approvals(peer, definition);
      const missing = topology.peers.filter(({ mspId }) => !approved.includes(mspId));
      if (missing.length === 0) return undefined;
      return `${missing.map(({ mspId }) => mspId).join(', ')} did not approve it yet`;
    },
    patience,
  );
  await waitFor(
    `${definition.name} cannot be committed`,
    () =>
      passing(async () => {
        // It may have been, although the command failed for it was not heard of in time.
        if (await isCommitted(options, definition, peer)) return;
        await lifecycle.commit(peer, definition, topology.peers);
      }),
    patience,
  );
}

/**
 * Installs, approves and commits; or, where that is another's to do, waits for the commit.
 *
 * @throws {@link FabricError} COMMAND_FAILED, NOT_IN_TIME, CLOSED
 */
export async function deploy(
  options: DeploymentOptions,
  chaincode: FabricChaincode,
): Promise<void> {
  const { topology, validation, lifecycle, patience } = options;
  const sites = sitesOf(options, chaincode.name);
  const [first] = sites;
  if (first === undefined) return;
  const definition = definitionOf(topology.channel, chaincode, validation);
  const [committed] = await Promise.all([
    lifecycle.sequence(first.peer, topology.channel, chaincode.name),
    ...sites.map((site) => lifecycle.install(site.peer, site.chaincode)),
  ]);
  // Members may have gone further by themselves; then what they made stands.
  if (committed > definition.sequence) return;
  await approveAll(options, definition, sites);
  if (committed === definition.sequence) return;
  const committer = sites.find(({ peer }) => peer === topology.peers[0]);
  if (committer) await commitWithAll(options, definition, committer.peer);
  await waitFor(
    `${definition.name} is not committed`,
    async () => {
      const done = committer ?? (await isCommitted(options, definition, first.peer));
      return done ? undefined : `its first organisation has not committed it yet`;
    },
    patience,
  );
}
