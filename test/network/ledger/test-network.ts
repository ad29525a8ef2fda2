/** The embedded network with the contracts, which `npm test` has built, in a process of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  EmbeddedNetwork,
  STAKE_PLUGIN,
  type ConnectionProfile,
  type EmbeddedNetworkOptions,
} from '../../../network/src/embedded/index.ts';
import { freePort } from '../../../network/src/free-ports.ts';
import {
  connectLedger,
  type ConnectedLedger,
  type Ledger,
} from '../../../network/src/ledger/index.ts';
import { FOUNDING } from '../../chaincode/stake/founding.ts';

const PACKAGE_ID = `lamplighter:${createHash('sha256').update('test').digest('hex')}`;
const ROOT = path.resolve(__dirname, '../../..');

export class TestNetwork implements AsyncDisposable {
  readonly #directory: string;
  readonly #contracts: ChildProcess;
  readonly #ledgers: Ledger[] = [];
  readonly #options: EmbeddedNetworkOptions;
  #network: EmbeddedNetwork;

  private constructor(
    contracts: ChildProcess,
    network: EmbeddedNetwork,
    options: EmbeddedNetworkOptions,
  ) {
    this.#directory = options.directory;
    this.#contracts = contracts;
    this.#network = network;
    this.#options = options;
  }

  get network(): EmbeddedNetwork {
    return this.#network;
  }

  /** With a stake table. @param more options of the network, such as peers that misbehave */
  static async start(more: Partial<EmbeddedNetworkOptions> = {}): Promise<TestNetwork> {
    const directory = await mkdtemp(path.join(tmpdir(), 'ledger-'));
    const port = await freePort();
    const contracts = startContracts(port);
    let network: EmbeddedNetwork | undefined;
    try {
      const options: EmbeddedNetworkOptions = {
        directory,
        organisations: ['Northlight', 'Helios', 'Meridian'].map((name) => ({
          name: name.toLowerCase(),
          mspId: `${name}MSP`,
          domain: `${name.toLowerCase()}.example`,
        })),
        chaincodes: [
          {
            name: 'lamplighter',
            version: '1',
            sequence: 1,
            packageId: PACKAGE_ID,
            address: `127.0.0.1:${port}`,
            validationPlugin: STAKE_PLUGIN,
          },
        ],
        batch: { timeoutMs: 10 },
        ...more,
      };
      network = await EmbeddedNetwork.start(options);
      await served(port, contracts);
      const started = new TestNetwork(contracts, network, options);
      await started.#found();
      return started;
    } catch (error) {
      contracts.kill();
      await network?.close();
      throw error;
    }
  }

  /** Contracts wait for stake; every peer has to know of it. */
  async #found(): Promise<void> {
    const ledger = await this.connect('NorthlightMSP', 'Founder', 'admin');
    const founding = [JSON.stringify(FOUNDING)];
    const { blockNumber } = await ledger.submit('Stake:Initialise', founding);
    while ([...this.network.heights().values()].some((height) => height <= blockNumber)) {
      await delay(5);
    }
  }

  /** Ends all nodes and starts them again on the ports they had. @param meanwhile what happens to their directory between */
  async restart(meanwhile: (directory: string) => Promise<void>): Promise<void> {
    await this.#network.close();
    await meanwhile(this.#directory);
    this.#network = await EmbeddedNetwork.start(this.#options);
  }

  /** @param change another profile than the network's own */
  async connect(
    mspId: string,
    name: string,
    role: 'admin' | 'client',
    change: (profile: ConnectionProfile) => object = (profile) => profile,
  ): Promise<ConnectedLedger> {
    const identity = await this.network.enrol(mspId, name, role);
    const profile = change(this.network.connectionProfile(mspId));
    const settings = { profile, identity, channel: 'city', chaincode: 'lamplighter' };
    const ledger = await connectLedger(settings);
    this.#ledgers.push(ledger);
    return ledger;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ledger of this.#ledgers) await ledger.close();
    await this.network.close();
    const ended = once(this.#contracts, 'exit');
    this.#contracts.kill('SIGKILL');
    await ended;
    await rm(this.#directory, { recursive: true });
  }
}

function startContracts(port: number): ChildProcess {
  return spawn(
    process.execPath,
    [
      path.join(ROOT, 'node_modules/fabric-shim/cli.js'),
      'server',
      `--chaincode-address=127.0.0.1:${port}`,
      `--chaincode-id=${PACKAGE_ID}`,
      `--module-path=${path.join(ROOT, 'chaincode')}`,
    ],
    { stdio: 'ignore', env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'error' } },
  );
}

async function served(port: number, contracts: ChildProcess): Promise<void> {
  for (;;) {
    if (contracts.exitCode !== null) throw new Error('the contracts did not start: built?');
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await delay(50);
  }
}
