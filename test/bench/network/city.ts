/** Everything that is measured, each in a process of its own: network, chaincode, and one process a client. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePort } from '../../../network/src/free-ports.ts';
import type { ClientKind, Connection, LoopOrder, LoopResult, Memory } from './orders.ts';
import { Worker } from './worker.ts';

const PACKAGE_ID = `features_1:${'ab'.repeat(32)}`;

export interface Measured extends LoopResult {
  /** Processor time for one committed transaction, milliseconds. */
  readonly networkMs: number;
  readonly chaincodeMs: number;
  readonly clientMs: number;
}

export interface CityOptions {
  readonly clients: readonly ClientKind[];
  /** Options of Node for the process of the network or of our client, to profile it. */
  readonly node?: readonly string[];
}

export class City implements AsyncDisposable {
  readonly #network: Worker;
  readonly #chaincode: Worker;
  readonly #clients: ReadonlyMap<ClientKind, Worker>;
  readonly #directory: string;
  #loops = 0;

  private constructor(
    network: Worker,
    chaincode: Worker,
    clients: ReadonlyMap<ClientKind, Worker>,
    directory: string,
  ) {
    this.#network = network;
    this.#chaincode = chaincode;
    this.#clients = clients;
    this.#directory = directory;
  }

  static async start({ clients, node = [] }: CityOptions): Promise<City> {
    const directory = await mkdtemp(path.join(tmpdir(), 'bench-'));
    const address = `127.0.0.1:${await freePort()}`;
    const chaincode = startChaincode(address);
    const network = Worker.start(
      'network',
      'network-program.cjs',
      [directory, address, PACKAGE_ID],
      { node: ['--expose-gc', ...node] },
    );
    const workers = new Map(
      clients.map((kind) => [kind, Worker.start(kind, 'client-program.cjs', [], { node })]),
    );
    const city = new City(network, chaincode, workers, directory);
    try {
      const connection = (await network.ask({ kind: 'connection' })) as Connection;
      for (const [client, worker] of workers) {
        await worker.ask({ kind: 'connect', client, connection });
      }
      return city;
    } catch (error) {
      await city[Symbol.asyncDispose]();
      throw error;
    }
  }

  async loop(kind: ClientKind, order: Omit<LoopOrder, 'prefix'>): Promise<Measured> {
    const client = this.#clients.get(kind);
    if (client === undefined) throw new RangeError(`no client "${kind}" was started`);
    const workers = [this.#network, this.#chaincode, client] as const;
    const before = await usages(workers);
    const prefix = `${kind}-${++this.#loops}`;
    const result = (await client.ask({ kind: 'loop', loop: { ...order, prefix } })) as LoopResult;
    const after = await usages(workers);
    const each = (index: 0 | 1 | 2): number =>
      (after[index] - before[index]) / Math.max(1, result.committed);
    return {
      ...result,
      networkMs: each(0),
      chaincodeMs: each(1),
      clientMs: each(2),
    };
  }

  /** Of the network process. */
  memory(): Promise<Memory> {
    return this.#network.memory();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of [...this.#clients.values(), this.#network]) {
      await worker.ask({ kind: 'close' }).catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
      });
      await worker.end();
    }
    await this.#chaincode[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function usages(
  workers: readonly [Worker, Worker, Worker],
): Promise<readonly [number, number, number]> {
  const [network, chaincode, client] = workers;
  return [await network.usage(), await chaincode.usage(), await client.usage()];
}

/** The test contract, in the server of the real fabric-shim. */
function startChaincode(address: string): Worker {
  const args = ['server', '--chaincode-address', address, '--chaincode-id', PACKAGE_ID];
  return Worker.start('chaincode', require.resolve('fabric-shim/cli.js'), args, {
    node: ['--require', path.resolve(__dirname, 'usage-of-chaincode.cjs')],
    directory: path.resolve('test/network/embedded/contract'),
  });
}
