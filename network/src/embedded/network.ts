/** The life of an embedded network: opens its nodes in order, and closes them the other way round. */
import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { accessTo, openChannel, type Channel, type NetworkNode } from './channel.ts';
import { Closers } from '../closers.ts';
import {
  newConnectionProfile,
  writeConnectionProfiles,
  type ConnectionProfile,
  type ProfileNetwork,
  type ProfileNode,
} from './connection-profile.ts';
import { defineChaincodes } from './definitions-at-start.ts';
import { lockDirectory } from './directory-lock.ts';
import { EmbeddedError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Role } from './msp.ts';
import { completeOptions, type CompleteOptions, type EmbeddedNetworkOptions } from './options.ts';
import { ordererServices } from './orderer/orderer.ts';
import { definedPolicies } from './peer/definition-policy.ts';
import { Peer } from './peer/peer.ts';
import { newSigner, type Credentials } from './signer.ts';
import { listen } from './wire/endpoint.ts';
import type { Service } from './wire/services.ts';
import { unservedServices } from './wire/unserved.ts';

export interface BlockCounts {
  /** Number of blocks, block 0 included. */
  readonly height: number;
  /** Transactions by verdict. */
  readonly valid: number;
  readonly invalid: number;
}

type Peers = readonly [Peer, ...Peer[]];

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

  /** Ends all streams, writes what waits to be ordered, lets the peers commit it and closes every file. */
  close(): Promise<void> {
    this.#closing ??= this.#closers.closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #define(): Promise<void> {
    const { channel, chaincodes, clock } = this.#options;
    const [first] = this.#channel.peers;
    if (!first || chaincodes.length === 0) {
      return;
    }
    await defineChaincodes({
      channel,
      chaincodes,
      chain: this.#channel.chain,
      peers: this.#peers,
      submitter: newSigner(await first.organisation.enrol('Admin', 'admin')),
      now: clock(),
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

async function openPeers(
  options: CompleteOptions,
  channel: Channel,
  closers: Closers,
): Promise<Peers> {
  const policyOf = definedPolicies(channel.policies);
  const access = accessTo(channel, '/Channel/Application', options.clock);
  const opened: Peer[] = [];
  for (const { material } of channel.peers) {
    const folder = join(options.directory, 'ledgers', material.name, options.channel);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const peer = await Peer.open({
      name: material.name,
      channel: options.channel,
      path: join(folder, 'blocks'),
      signer: newSigner(material.credentials),
      registry: channel.registry,
      access,
      policyOf,
      mspIds: channel.mspIds,
      chaincodes: options.chaincodes.map((chaincode) => ({
        ...chaincode,
        executionTimeoutMs: options.executionTimeoutMs,
        logger: options.logger,
      })),
      logger: options.logger,
    });
    closers.add(() => peer.close());
    opened.push(peer);
  }
  closers.add(() => settle(channel, opened));
  const [first, ...others] = opened;
  if (!first) {
    throw new EmbeddedError('OPTIONS_INVALID', '"organisations" expected at least one, got none');
  }
  return [first, ...others];
}

/** Gives the orderer back what only peers still have, then lets every peer catch up. */
async function catchUp({ chain }: Channel, peers: Peers): Promise<void> {
  const [longest] = [...peers].sort((left, right) => right.ledger.height - left.ledger.height);
  for (let number = chain.height; longest && number < longest.ledger.height; number++) {
    await chain.append((await longest.ledger.read(number)).block);
  }
  const target = chain.height;
  for (const peer of peers) {
    peer.follow(chain);
  }
  await allReach(peers, target);
}

async function allReach(peers: readonly Peer[], height: number): Promise<void> {
  for (const peer of peers) {
    while (peer.ledger.height < height) {
      if (peer.failure) {
        throw peer.failure;
      }
      await peer.ledger
        .reach(peer.ledger.height, AbortSignal.timeout(LIMITS.closeMs))
        .catch(() => undefined);
    }
  }
}

/** At the end: orders what waits and gives the peers a moment to commit it. They would catch up at the next start. */
async function settle({ chain }: Channel, peers: readonly Peer[]): Promise<void> {
  await chain.flush();
  const signal = AbortSignal.timeout(LIMITS.closeMs);
  const reached = peers.map(({ ledger }) => ledger.reach(chain.height - 1, signal));
  await Promise.allSettled(reached);
}

async function listenAll(
  options: CompleteOptions,
  channel: Channel,
  peers: Peers,
  closers: Closers,
): Promise<void> {
  const closing = new AbortController();
  // One listener a stream; their number has a bound of its own.
  setMaxListeners(0, closing.signal);
  const nodes: readonly (readonly [NetworkNode, readonly Service[]])[] = [
    [
      channel.orderer,
      ordererServices({
        channel: options.channel,
        access: accessTo(channel, '/Channel', options.clock),
        chain: channel.chain,
        closing: closing.signal,
        logger: options.logger,
      }),
    ],
    ...peers.map((peer, index): [NetworkNode, readonly Service[]] => [
      channel.peers[index] ?? channel.orderer,
      peer.services(closing.signal),
    ]),
  ];
  for (const [{ material, port }, services] of nodes) {
    const endpoint = await listen({
      name: material.name,
      host: options.host,
      port,
      tls: material.tls,
      services: [...services, ...unservedServices()],
    });
    closers.add(() => endpoint.close());
  }
  closers.add(() => {
    closing.abort(new EmbeddedError('CLOSED', 'the network is closing'));
    return Promise.resolve();
  });
}
