/** The life of a network of Fabric's own programs on one machine: makes what is missing, starts all nodes, and ends them. */
import { Closers } from '../closers.ts';
import {
  newConnectionProfile,
  newDiscoveryProfile,
  writeConnectionProfiles,
  type ConnectionProfile,
  type DiscoveryProfile,
  type ProfileNetwork,
  type ProfileNode,
} from '../membership/connection-profile.ts';
import { lockDirectory } from '../membership/directory-lock.ts';
import type { Role } from '../membership/member-certificate.ts';
import type { Organisation } from '../membership/organisation.ts';
import { assignPorts } from '../membership/ports.ts';
import type { Credentials } from '../membership/signer.ts';
import type { BlockCounts } from './block-counts.ts';
import { makeGenesis, type ChannelTools } from './channel.ts';
import { FabricError } from './errors.ts';
import { FabricHost } from './host.ts';
import { openMembers, type Members } from './members.ts';
import { completeOptions, type FabricChaincode, type FabricNetworkOptions } from './options.ts';
import { openRecord } from './record.ts';
import type { RunningNode } from './running-nodes.ts';
import { applyStake, type StakeApplied } from './stake-apply.ts';
import {
  portNames,
  topologyOf,
  type OrdererNode,
  type PeerNode,
  type Topology,
  type TopologyOptions,
} from './topology.ts';

export class FabricNetwork implements AsyncDisposable {
  readonly #topology: Topology;
  readonly #members: Members;
  readonly #host: FabricHost;
  readonly #closers: Closers;
  readonly #tools: ChannelTools;
  #closing: Promise<void> | undefined;

  private constructor(
    tools: ChannelTools,
    topology: Topology,
    members: Members,
    host: FabricHost,
    closers: Closers,
  ) {
    this.#tools = tools;
    this.#topology = topology;
    this.#members = members;
    this.#host = host;
    this.#closers = closers;
  }

  /**
   * Starts a network, with what its directory holds or afresh. When it returns, every node is healthy, the chaincodes are
   * committed, and every peer answers for them and knows of the others.
   *
   * @throws {@link FabricError} OPTIONS_INVALID, COMMAND_FAILED, NODE_ENDED, NOT_IN_TIME; MembershipError DIRECTORY_IN_USE
   */
  static async start(given: FabricNetworkOptions): Promise<FabricNetwork> {
    const options = completeOptions(given);
    const { directory } = options;
    const closers = new Closers();
    closers.add(await lockDirectory(directory));
    try {
      const topology = await layOut(options);
      await openRecord(directory, topology);
      const members = await openMembers(directory, topology);
      await makeGenesis(options, topology, options.batch);
      const host = await FabricHost.start({ ...options, topology, local: topology });
      closers.add(() => host.close());
      const network = new FabricNetwork(options, topology, members, host, closers);
      await writeConnectionProfiles(directory, network.#profileNetwork());
      return network;
    } catch (error) {
      await closers.closeAll();
      throw error;
    }
  }

  /** Orderers, peers and chaincode servers, with their processes. */
  get nodes(): readonly RunningNode[] {
    return this.#host.nodes;
  }

  /** The static profile for clients of an organisation; `connection-<name>.json` in the directory holds the same. */
  connectionProfile(mspId: string): ConnectionProfile {
    return newConnectionProfile(this.#profileNetwork(), mspId);
  }

  /** The profile for clients of an organisation that use discovery; `discovery-<name>.json` holds the same. */
  discoveryProfile(mspId: string): DiscoveryProfile {
    return newDiscoveryProfile(this.#profileNetwork(), mspId);
  }

  /**
   * Enrols a member with the organisation's CA, or returns the one of that name, in PEM. It stays in an ordinary MSP folder below
   * `organizations`.
   *
   * @throws {@link FabricError} NOT_FOUND for an organisation that is not in the network; IdentityError for the rest.
   */
  async enrol(mspId: string, name: string, role: Role): Promise<Credentials> {
    return this.#memberOf(mspId).enrol(name, role);
  }

  /** The certificate that an organisation's peer endorses with, PEM. @throws {@link FabricError} NOT_FOUND */
  peerCertificate(mspId: string): string {
    const peer = this.#topology.peers.find((each) => each.mspId === mspId);
    const material = this.#memberOf(mspId).nodes.find(({ name }) => name === peer?.name);
    if (material) return material.credentials.certificate;
    throw new FabricError('NOT_FOUND', `expected an organisation with a peer, got ${mspId}`);
  }

  /** As the first organisation's peer counts. @throws Error of gRPC when it does not answer */
  blocks(): Promise<BlockCounts> {
    return this.#host.blocks();
  }

  /** Number of blocks at each orderer and peer, by its full name; 0 for one that does not answer. */
  heights(): Promise<ReadonlyMap<string, number>> {
    return this.#host.heights();
  }

  /** Nodes that do not work now, and why. */
  failedChecks(): Promise<readonly { readonly component: string; readonly reason: string }[]> {
    return this.#host.ailments();
  }

  /**
   * Brings what the channel has committed to the stake table in a chaincode's state: see {@link StakeApplied}.
   *
   * @throws {@link FabricError} NO_COALITION, TOO_MANY_ORGANISATIONS, COMMAND_FAILED, NOT_IN_TIME
   */
  applyStake(chaincode: string): Promise<StakeApplied> {
    return applyStake({ ...this.#tools, topology: this.#topology, chaincode });
  }

  /** Ends all nodes, peers first, orderers last. */
  close(): Promise<void> {
    this.#closing ??= this.#closers.closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #memberOf(mspId: string): Organisation {
    const member = this.#members.get(mspId);
    if (member) return member;
    throw new FabricError(
      'NOT_FOUND',
      `expected one of ${[...this.#members.keys()].join(', ')}, got ${mspId}`,
    );
  }

  #profileNetwork(): ProfileNetwork {
    const { channel, orderers, peers } = this.#topology;
    return {
      channel,
      organisations: peers.map((peer) => ({
        name: peer.organisation,
        mspId: peer.mspId,
        peers: [this.#profileNode(peer)],
      })),
      orderers: orderers.map((node) => ({ ...this.#profileNode(node), mspId: node.mspId })),
    };
  }

  #profileNode({ name, host, port, mspId }: OrdererNode | PeerNode): ProfileNode {
    const { tlsRootCertificate } = this.#memberOf(mspId).roots;
    return { name, host, port, tlsRootCertificate };
  }
}

export interface LayoutOptions extends Omit<TopologyOptions, 'chaincodes'> {
  readonly directory: string;
  readonly chaincodes: readonly Pick<FabricChaincode, 'name'>[];
}

/** Which nodes the options ask for, on the ports of the first start. */
export async function layOut(options: LayoutOptions): Promise<Topology> {
  const layout = { ...options, chaincodes: options.chaincodes.map(({ name }) => name) };
  const ports = await assignPorts(options.directory, options.host, portNames(layout), {});
  return topologyOf(layout, ports);
}
