/** The nodes of a network that run on this machine: started side by side, looked after, ended in order. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { NetworkLogger } from '../network-logger.ts';
import { FabricError } from './errors.ts';
import { beginLog, boundLog } from './log-file.ts';
import type { NodeCommand } from './node-process.ts';
import { ailment, type OperationsEndpoint } from './operations.ts';
import { administratorFolder, logFile, tlsRootFile } from './paths.ts';
import { SupervisedNode } from './supervised-node.ts';
import {
  addressOf,
  type ChaincodeNode,
  type NetworkNode,
  type OrdererNode,
  type PeerNode,
} from './topology.ts';

/** A start takes a second; a busy machine may need many times that. */
const READY_WITHIN_MS = 120_000;
const POLL_MS = 50;
const LOGS_EVERY_MS = 60_000;

export interface RunningNode {
  readonly name: string;
  readonly kind: NetworkNode['kind'];
  readonly mspId: string;
  /** Of its present run; undefined for one that has ended, or that somebody else runs. */
  readonly processId: number | undefined;
  /** `host:port` */
  readonly address: string;
  readonly logFile: string;
}

export interface RunningNodesOptions {
  readonly directory: string;
  readonly logger: NetworkLogger;
  readonly onGivenUp: (error: FabricError) => void;
}

/** What this process shows a node that it runs. */
export async function operationsEndpoint(
  directory: string,
  node: OrdererNode | PeerNode,
): Promise<OperationsEndpoint> {
  const tls = join(administratorFolder(directory, node), 'tls');
  const [ca, cert, key] = await Promise.all(
    [tlsRootFile(directory, node), join(tls, 'client.crt'), join(tls, 'client.key')].map((file) =>
      readFile(file, 'utf8'),
    ),
  );
  return {
    name: node.name,
    port: node.operationsPort,
    tls: { ca: ca ?? '', cert: cert ?? '', key: key ?? '' },
  };
}

function accepts({ host, port }: ChaincodeNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => {
        resolve(false);
      });
  });
}

interface Entry {
  readonly node: NetworkNode;
  readonly supervised: SupervisedNode;
  /** Why it does not serve, undefined when it does. */
  readonly ailment: () => Promise<string | undefined>;
}

export class RunningNodes {
  readonly #options: RunningNodesOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #logs: NodeJS.Timeout;

  constructor(options: RunningNodesOptions) {
    this.#options = options;
    this.#logs = setInterval(() => {
      void this.#boundLogs();
    }, LOGS_EVERY_MS);
    this.#logs.unref();
  }

  get nodes(): readonly RunningNode[] {
    const { directory } = this.#options;
    return [...this.#entries.values()].map(({ node, supervised }) => ({
      name: node.name,
      kind: node.kind,
      mspId: node.mspId,
      processId: supervised.isRunning() ? supervised.processId : undefined,
      address: addressOf(node),
      logFile: logFile(directory, node),
    }));
  }

  /** Starts a node; resolves when it serves. @throws {@link FabricError} NODE_ENDED, NOT_IN_TIME, CLOSED */
  async start(node: NetworkNode, command: NodeCommand, signal?: AbortSignal): Promise<void> {
    const { directory, logger, onGivenUp } = this.#options;
    const check =
      node.kind === 'chaincode'
        ? async () => ((await accepts(node)) ? undefined : 'it accepts no connection')
        : await this.#healthCheck(node);
    await beginLog(logFile(directory, node));
    if (signal?.aborted === true) throw new FabricError('CLOSED', 'the network is closing');
    const supervised = new SupervisedNode({ name: node.name, command, logger, onGivenUp });
    const entry = { node, supervised, ailment: check };
    this.#entries.set(node.name, entry);
    await this.#serves(entry, signal);
  }

  /** Nodes that do not work now, and why. */
  async ailments(): Promise<readonly { readonly component: string; readonly reason: string }[]> {
    const found = await Promise.all(
      [...this.#entries.values()].map(async (entry) => {
        const reason = await reasonOf(entry);
        return reason === undefined ? [] : [{ component: entry.node.name, reason }];
      }),
    );
    return found.flat();
  }

  /** Peers first, which then ask nobody any more; orderers last. */
  async close(): Promise<void> {
    clearInterval(this.#logs);
    for (const kind of ['peer', 'chaincode', 'orderer'] as const) {
      const entries = [...this.#entries.values()].filter(({ node }) => node.kind === kind);
      await Promise.all(entries.map(({ supervised }) => supervised.close()));
    }
  }

  async #healthCheck(node: OrdererNode | PeerNode): Promise<Entry['ailment']> {
    const endpoint = await operationsEndpoint(this.#options.directory, node);
    return () => ailment(endpoint);
  }

  async #serves(entry: Entry, signal: AbortSignal | undefined): Promise<void> {
    const { node, supervised } = entry;
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const reason = await entry.ailment();
      if (reason === undefined) return;
      if (supervised.failure !== undefined) throw supervised.failure;
      if (signal?.aborted === true) throw new FabricError('CLOSED', 'the network is closing');
      if (Date.now() > deadline) {
        throw new FabricError(
          'NOT_IN_TIME',
          `${node.name} does not serve: ${reason}; its log: ${logFile(this.#options.directory, node)}`,
        );
      }
      await delay(POLL_MS);
    }
  }

  async #boundLogs(): Promise<void> {
    const { directory, logger } = this.#options;
    for (const { node } of this.#entries.values()) {
      try {
        await boundLog(logFile(directory, node));
      } catch (error) {
        logger.warn({ node: node.name, error: String(error) }, 'a log could not be cut');
      }
    }
  }
}

function reasonOf({ supervised, ailment: check }: Entry): Promise<string | undefined> {
  const { failure } = supervised;
  if (failure !== undefined) return Promise.resolve(failure.message);
  if (!supervised.isRunning()) return Promise.resolve('it ended and is about to be started again');
  return check();
}
