/**
 * The nodes of a topology that run on this machine, from configuration files to answering. Keys and block 0 are there already;
 * which of the topology's nodes run here is the caller's to say.
 */
import { readFile } from 'node:fs/promises';

import { Closers } from '../closers.ts';
import type { NetworkLogger } from '../network-logger.ts';
import { newSigner } from '../membership/signer.ts';
import { administratorCredentials } from './administrator.ts';
import type { FabricBinaries } from './binaries.ts';
import { BlockCounter, type BlockCounts } from './block-counts.ts';
import { writeBuilder } from './builder.ts';
import { joinOrderer, joinPeer, type ChannelTools } from './channel.ts';
import { deploy, deploymentText, type DeploymentOptions } from './deployment.ts';
import { FabricError } from './errors.ts';
import { Lifecycle, STAKE_PLUGIN } from './lifecycle.ts';
import { chaincodeTls } from './members.ts';
import { contractsCommand, ordererCommand, peerCommand } from './node-commands.ts';
import { writeOrdererFiles, writePackage, writePeerFiles } from './node-files.ts';
import { metric } from './operations.ts';
import type { ChaincodeServer, FabricChaincode, Validation } from './options.ts';
import { builderFolder, tlsRootFile } from './paths.ts';
import type { Patience } from './patience.ts';
import { PeerCalls } from './peer-calls.ts';
import { untilAnswered } from './readiness.ts';
import { openRecord, writeRecord, type NetworkRecord } from './record.ts';
import { operationsEndpoint, RunningNodes, type RunningNode } from './running-nodes.ts';
import {
  addressOf,
  listenAddressOf,
  type ChaincodeNode,
  type OrdererNode,
  type PeerNode,
  type Topology,
} from './topology.ts';

const HEIGHT = 'ledger_blockchain_height';

export interface FabricHostOptions {
  readonly directory: string;
  /** The whole network. */
  readonly topology: Topology;
  /** What of it runs here. */
  readonly local: Omit<Topology, 'channel'>;
  readonly chaincodes: readonly FabricChaincode[];
  readonly binaries: FabricBinaries;
  readonly validation: Validation;
  readonly logger: NetworkLogger;
  readonly onGivenUp: (error: FabricError) => void;
  /** Closed with it, after its own. */
  readonly closers?: Closers;
  /** When not all of the topology runs here. */
  readonly consortium?: {
    /** By the chaincode server's full name; the packages of local peers are in their place. */
    readonly packageIds: ReadonlyMap<string, string>;
    /** Ends the waiting for others. */
    readonly signal?: AbortSignal;
  };
}

/** Alone, some seconds at most; a busy machine may need many times that. */
const ALONE = { withinMs: 120_000, everyMs: 100 };
/** People start the other hosts when they do. */
const WITH_OTHERS = { withinMs: Infinity, everyMs: 1_000 };

export class FabricHost implements AsyncDisposable {
  readonly #options: FabricHostOptions;
  readonly #tools: ChannelTools;
  readonly #running: RunningNodes;
  readonly #closers: Closers;
  readonly #stop = new AbortController();
  readonly #since = performance.now();
  readonly #servers = new Map<string, ChaincodeServer>();
  #calls: readonly PeerCalls[] = [];
  #counter: BlockCounter | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: FabricHostOptions) {
    const { directory, binaries, logger, onGivenUp } = options;
    this.#options = options;
    this.#closers = options.closers ?? new Closers();
    this.#tools = { directory, binaries, signal: this.#stop.signal };
    this.#running = new RunningNodes({ directory, logger, onGivenUp });
    this.#closers.add(() => this.#running.close());
  }

  /**
   * Starts the nodes; resolves when each of its peers answers for each chaincode and knows of all other peers.
   *
   * @throws {@link FabricError} NODE_ENDED, NOT_IN_TIME, COMMAND_FAILED, OPTIONS_INVALID
   */
  static async start(options: FabricHostOptions): Promise<FabricHost> {
    const host = new FabricHost(options);
    const stop = (): void => {
      host.#stop.abort();
    };
    const { signal } = options.consortium ?? {};
    signal?.addEventListener('abort', stop);
    try {
      await host.#start();
      return host;
    } catch (error) {
      await host.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  get nodes(): readonly RunningNode[] {
    const own = this.#running.nodes;
    const others = this.#options.local.chaincodes
      .filter(({ name }) => this.#servers.has(name))
      .map((node) => ({
        name: node.name,
        kind: node.kind,
        mspId: node.mspId,
        processId: this.#servers.get(node.name)?.processId,
        address: addressOf(node),
        logFile: '',
      }));
    return [...own, ...others];
  }

  /** Nodes that do not work now, and why. */
  ailments(): Promise<readonly { readonly component: string; readonly reason: string }[]> {
    return this.#running.ailments();
  }

  /** Number of blocks at each of its nodes, by full name; 0 for one that does not answer. */
  async heights(): Promise<ReadonlyMap<string, number>> {
    const { local } = this.#options;
    const heights = [...local.orderers, ...local.peers].map(
      async (node) => [node.name, await this.#height(node)] as const,
    );
    return new Map(await Promise.all(heights));
  }

  /** As its first peer counts. @throws Error of gRPC when that one does not answer */
  async blocks(): Promise<BlockCounts> {
    const [peer] = this.#options.local.peers;
    const [calls] = this.#calls;
    if (peer === undefined || calls === undefined) return { height: 0, valid: 0, invalid: 0 };
    this.#counter ??= new BlockCounter(calls, this.#options.topology.channel);
    return this.#counter.count(await this.#height(peer));
  }

  /** Ends all nodes: peers first, orderers last. */
  close(): Promise<void> {
    this.#stop.abort();
    this.#closing ??= this.#closers.closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    const { directory, topology, local } = this.#options;
    const record = await openRecord(directory, topology);
    await writeRecord(directory, record);
    const packageIds = await this.#writeFiles();
    const chaincodes = local.chaincodes.map((node) => this.#startChaincode(node, packageIds));
    // Their servers are called only when all is deployed.
    await Promise.all([this.#makeChannel(record, packageIds), ...chaincodes]);
    await this.#untilReady();
    this.#passed('every peer answers and knows of the others');
  }

  #passed(stage: string): void {
    const milliseconds = Math.round(performance.now() - this.#since);
    this.#options.logger.info({ milliseconds }, stage);
  }

  /** @returns package ids by the chaincode server's name */
  async #writeFiles(): Promise<ReadonlyMap<string, string>> {
    const { directory, topology, local, validation, chaincodes, consortium } = this.#options;
    const library =
      validation.kind === 'plugin' ? { name: STAKE_PLUGIN, file: validation.file } : undefined;
    await writeBuilder(builderFolder(directory));
    await Promise.all([
      ...local.orderers.map((node) => writeOrdererFiles(directory, node, topology.orderers)),
      ...local.peers.map((node) => writePeerFiles(directory, node, library)),
    ]);
    if (consortium) return consortium.packageIds;
    const packages = local.chaincodes.map(async (node) => {
      const { label } = descriptionOf(chaincodes, node);
      return [node.name, await writePackage(directory, node, label)] as const;
    });
    return new Map(await Promise.all(packages));
  }

  async #makeChannel(
    record: NetworkRecord,
    packageIds: ReadonlyMap<string, string>,
  ): Promise<void> {
    await this.#startChannel();
    this.#passed('orderers and peers serve');
    await this.#dial();
    await this.#deploy(record, packageIds);
    this.#passed('the chaincodes are committed');
  }

  /** Orderers join as each comes up, and so do peers. */
  async #startChannel(): Promise<void> {
    const { directory, binaries, local, topology } = this.#options;
    const { channel } = topology;
    const { signal } = this.#stop;
    await Promise.all([
      ...local.orderers.map(async (node) => {
        await this.#running.start(node, ordererCommand(directory, node, binaries), signal);
        await joinOrderer(this.#tools, node, channel);
      }),
      ...local.peers.map(async (node) => {
        await this.#running.start(node, peerCommand(directory, node, binaries), signal);
        await joinPeer(this.#tools, node, channel);
      }),
    ]);
  }

  async #startChaincode(
    node: ChaincodeNode,
    packageIds: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { directory, chaincodes } = this.#options;
    const { startServer, modulePath } = descriptionOf(chaincodes, node);
    const facts = {
      name: node.name,
      mspId: node.mspId,
      packageId: packageIds.get(node.name) ?? '',
      address: listenAddressOf(node),
      tls: chaincodeTls(directory, node),
    };
    if (startServer === undefined) {
      const command = contractsCommand(directory, node, facts, modulePath);
      await this.#running.start(node, command, this.#stop.signal);
      return;
    }
    const server = await startServer(facts);
    this.#servers.set(node.name, server);
    this.#closers.add(async () => {
      await server[Symbol.asyncDispose]();
    });
  }

  async #dial(): Promise<void> {
    const { directory, local } = this.#options;
    this.#calls = await Promise.all(
      local.peers.map(async (node) => {
        const signer = newSigner(await administratorCredentials(directory, node));
        const tlsRoot = await readFile(tlsRootFile(directory, node), 'utf8');
        return new PeerCalls({ address: addressOf(node), name: node.name, tlsRoot, signer });
      }),
    );
    for (const calls of this.#calls) {
      this.#closers.add(() => {
        calls.close();
        return Promise.resolve();
      });
    }
  }

  async #deploy(record: NetworkRecord, packageIds: ReadonlyMap<string, string>): Promise<void> {
    const { directory, topology, local, validation, chaincodes } = this.#options;
    const orderers = [...local.orderers, ...topology.orderers];
    const lifecycle = new Lifecycle(this.#tools, orderers[0] as OrdererNode);
    const options: DeploymentOptions = {
      topology,
      peers: local.peers,
      validation,
      lifecycle,
      packageIds,
      patience: this.#patience,
    };
    const deployed = { ...record.deployed };
    for (const chaincode of chaincodes) {
      const text = deploymentText(options, chaincode);
      if (deployed[chaincode.name] === text) continue;
      await deploy(options, chaincode);
      deployed[chaincode.name] = text;
      await writeRecord(directory, { ...record, deployed });
    }
  }

  /** With others, most of them are enough: one host that is down must not keep the rest from starting. */
  async #untilReady(): Promise<void> {
    const { topology, chaincodes, consortium } = this.#options;
    const { channel, peers } = topology;
    const known = consortium ? Math.floor(peers.length / 2) + 1 : peers.length;
    await Promise.all(
      this.#calls.flatMap((calls) =>
        chaincodes.map(({ name }) =>
          untilAnswered(calls, { channel, chaincode: name, peers: known }, this.#patience),
        ),
      ),
    );
  }

  get #patience(): Patience {
    const { consortium, logger } = this.#options;
    const tell = (words: string): void => {
      logger.info({ waiting: words }, 'not yet');
    };
    return { ...(consortium ? WITH_OTHERS : ALONE), signal: this.#stop.signal, tell };
  }

  async #height(node: OrdererNode | PeerNode): Promise<number> {
    const { directory, topology, logger } = this.#options;
    try {
      const endpoint = await operationsEndpoint(directory, node);
      return (await metric(endpoint, HEIGHT, topology.channel)) ?? 0;
    } catch (error) {
      logger.debug({ node: node.name, error: String(error) }, 'a node does not tell its height');
      return 0;
    }
  }
}

function descriptionOf(
  chaincodes: readonly FabricChaincode[],
  { chaincode, name }: ChaincodeNode,
): FabricChaincode {
  const found = chaincodes.find((each) => each.name === chaincode);
  if (found) return found;
  throw new FabricError('NOT_FOUND', `${name} expected a chaincode called ${chaincode}, got none`);
}
