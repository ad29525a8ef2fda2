/** The life of an embedded network: opens its nodes in order, and closes them the other way round. */
import { Closers } from '../closers.ts';
import { openChannel, type Channel, type NetworkNode } from './channel.ts';
import {
  newConnectionProfile,
  newDiscoveryProfile,
  writeConnectionProfiles,
  type ConnectionProfile,
  type DiscoveryProfile,
  type ProfileNetwork,
  type ProfileNode,
} from '../membership/connection-profile.ts';
import { defineChaincodes } from './definitions-at-start.ts';
import { lockDirectory } from '../membership/directory-lock.ts';
import { listenAll } from './endpoints.ts';
import { EmbeddedError } from './errors.ts';
import type { Role } from './msp.ts';
import type { FailedCheck } from './operations/health.ts';
import { completeOptions, type CompleteOptions, type EmbeddedNetworkOptions } from './options.ts';
import { catchUp, openPeers, type Peers } from './peers-at-start.ts';
import { newSigner, type Credentials } from '../membership/signer.ts';
import { stateHashesOf } from './state-hashes.ts';
import type { StateHash } from './ledger/state-hash.ts';

export interface BlockCounts {
  /** Number of blocks, block 0 included. */
  readonly height: number;
  /** Transactions by verdict. */
  readonly valid: number;
  readonly invalid: number;
}

export class EmbeddedNetwork implements AsyncDisposable {
  readonly #options: CompleteOptions;
  readonly #channel: Channel;
  readonly #peers: Peers;
  readonly #closers: Closers;
  #closing: Promise<void> | undefined;

  private constructor(options: CompleteOptions, channel: Channel, peers: Peers, closers: Closers) {
    this.#options = options;
    this.#channel = channel;
    this.#peers = peers;
    this.#closers = closers;
  }

  /**
   * Starts a network, with the state that its directory holds or afresh. When it returns, all endpoints listen, every peer has
   * every block, and the chaincodes are defined; the chaincode servers themselves may come up later.
   *
   * @throws {@link EmbeddedError} OPTIONS_INVALID, DIRECTORY_IN_USE, PORT_TAKEN, BLOCK_FILE_DAMAGED
   */
  static async start(given: EmbeddedNetworkOptions): Promise<EmbeddedNetwork> {
    const options = completeOptions(given);
    const closers = new Closers();
    closers.add(await lockDirectory(options.directory));
    try {
      const channel = await openChannel(options);
      closers.add(() => channel.chain.close());
      const peers = await openPeers(options, channel, closers);
      await catchUp(channel, peers);
      await listenAll(options, channel, peers, closers);
      const network = new EmbeddedNetwork(options, channel, peers, closers);
      await network.#define();
      await writeConnectionProfiles(options.directory, network.#profileNetwork());
      return network;
    } catch (error) {
      await closers.closeAll();
      throw error;
    }
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
   * @throws {@link EmbeddedError} NOT_FOUND for an organisation that is not in the network; IdentityError for the rest.
   */
  async enrol(mspId: string, name: string, role: Role): Promise<Credentials> {
    return this.#nodeOf(mspId).organisation.enrol(name, role);
  }

  /** The certificate that an organisation's peer endorses with, PEM. @throws {@link EmbeddedError} NOT_FOUND */
  peerCertificate(mspId: string): string {
    return this.#nodeOf(mspId).material.credentials.certificate;
  }

  /** As the first organisation's peer counts. */
  blocks(): BlockCounts {
    const { ledger } = this.#peers[0];
    return { height: ledger.height, ...ledger.counts };
  }

  /**
   * The hash of every peer's state at one height, by MSP id: equal unless a disk or a peer is faulty. Reads the whole state.
   *
   * @throws {@link EmbeddedError} BUSY when blocks come in faster than the peers can be brought to one height.
   */
  stateHashes(): Promise<ReadonlyMap<string, StateHash>> {
    return stateHashesOf(this.#peers);
  }

  /** Number of blocks at each node, by its full name. */
  heights(): ReadonlyMap<string, number> {
    const { orderer, chain } = this.#channel;
    return new Map([
      [orderer.material.name, chain.height],
      ...this.#peers.map(({ name, ledger }) => [name, ledger.height] as const),
    ]);
  }

  /** Nodes that have stopped, and why. */
  failedChecks(): readonly FailedCheck[] {
    const { orderer, chain } = this.#channel;
    return [{ name: orderer.material.name, failure: chain.failure }, ...this.#peers].flatMap(
      ({ name, failure }) =>
        failure ? [{ component: name, reason: `${failure.code}: ${failure.message}` }] : [],
    );
  }

  /** Ends all streams, writes what waits to be ordered, lets the peers commit it and closes every file. */
  close(): Promise<void> {
    this.#closing ??= this.#closers.closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #define(): Promise<void> {
    await defineChaincodes({
      ...this.#options,
      chain: this.#channel.chain,
      peers: this.#peers,
      administratorOf: async (mspId) => newSigner(await this.enrol(mspId, 'Admin', 'admin')),
      now: this.#options.clock(),
    });
  }

  #nodeOf(mspId: string): NetworkNode {
    const node = this.#channel.peers.find(({ organisation }) => organisation.mspId === mspId);
    if (!node) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `expected one of ${this.#channel.mspIds.join(', ')}, got ${mspId}`,
      );
    }
    return node;
  }

  #profileNetwork(): ProfileNetwork {
    const { host, channel, organisations } = this.#options;
    const { orderer } = this.#channel;
    return {
      channel,
      organisations: organisations.map(({ name, mspId }) => ({
        name,
        mspId,
        peers: [profileNode(host, this.#nodeOf(mspId))],
      })),
      orderers: [{ ...profileNode(host, orderer), mspId: orderer.organisation.mspId }],
    };
  }
}

function profileNode(host: string, { organisation, material, port }: NetworkNode): ProfileNode {
  const { tlsRootCertificate } = organisation.roots;
  return { name: material.name, host, port, tlsRootCertificate };
}
