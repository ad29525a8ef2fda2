/** Brings a channel to the chaincode definitions that it is started with, as far as they are not there yet. */
import { FabricError } from './errors.ts';
import { definitionOf, Lifecycle, type Definition } from './lifecycle.ts';
import type { FabricChaincode, Validation } from './options.ts';
import type { ChaincodeNode, PeerNode, Topology } from './topology.ts';

export interface DeploymentOptions {
  readonly topology: Topology;
  readonly validation: Validation;
  readonly lifecycle: Lifecycle;
  /** By the chaincode server's full name. */
  readonly packageIds: ReadonlyMap<string, string>;
}

interface Site {
  readonly peer: PeerNode;
  readonly chaincode: ChaincodeNode;
  readonly packageId: string;
}

/** Each peer with the server that serves it. */
function sitesOf({ topology, packageIds }: DeploymentOptions, name: string): readonly Site[] {
  return topology.peers.map((peer) => {
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

async function approveAndCommit(
  lifecycle: Lifecycle,
  definition: Definition,
  sites: readonly [Site, ...Site[]],
  committed: number,
): Promise<void> {
  await Promise.all(
    sites.map(({ peer, packageId }) => lifecycle.approve(peer, definition, packageId)),
  );
  if (committed === definition.sequence) return;
  await lifecycle.commit(
    sites[0].peer,
    definition,
    sites.map(({ peer }) => peer),
  );
}

/**
 * Installs, approves and commits.
 *
 * @throws {@link FabricError} COMMAND_FAILED
 */
export async function deploy(
  options: DeploymentOptions,
  chaincode: FabricChaincode,
): Promise<void> {
  const { topology, validation, lifecycle } = options;
  const sites = sitesOf(options, chaincode.name) as [Site, ...Site[]];
  const definition = definitionOf(topology.channel, chaincode, validation);
  const [committed] = await Promise.all([
    lifecycle.sequence(sites[0].peer, topology.channel, chaincode.name),
    ...sites.map((site) => lifecycle.install(site.peer, site.chaincode)),
  ]);
  // Members may have gone further by themselves; then what they made stands.
  if (committed > definition.sequence) return;
  await approveAndCommit(lifecycle, definition, sites, committed);
}
