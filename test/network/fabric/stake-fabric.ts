/** A network of Fabric's own programs where stake is founded; for tests that run where the programs are. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Closers } from '../../../network/src/closers.ts';
import {
  FabricNetwork,
  layOut,
  STAKE_PLUGIN,
  type FabricNetworkOptions,
  type Validation,
} from '../../../network/src/fabric/index.ts';
import type { ChannelTools } from '../../../network/src/fabric/channel.ts';
import { Lifecycle } from '../../../network/src/fabric/lifecycle.ts';
import type { StakeApplied } from '../../../network/src/fabric/stake-apply.ts';
import { tlsRootFile } from '../../../network/src/fabric/paths.ts';
import {
  asAdministrator,
  readApprovedPackage,
  readDefinition,
} from '../../../network/src/fabric/stake-ledger.ts';
import { addressOf, type Topology } from '../../../network/src/fabric/topology.ts';
import { takeLockFile } from '../../../network/src/lock-file.ts';
import { newSigner, type Signer } from '../../../network/src/membership/signer.ts';
import { apply } from '../../../network/src/operator/commands/stake-apply.ts';
import {
  networkFolder,
  writeRunningFile,
} from '../../../network/src/operator/network/running-file.ts';
import { FOUNDING } from '../../chaincode/stake/founding.ts';
import { NAMES, StakeNetwork, type Name } from '../embedded/stake-client.ts';
import { newRunning } from '../operator/network/running.ts';
import { fabricBinaries } from './binaries.ts';

/** The plugin beside the peer; undefined where there is none: its tests count as skipped. */
export function pluginFile(): string | undefined {
  const { FABRIC_BIN: folder = '', PATH: path = '' } = process.env;
  const folders = folder === '' ? path.split(delimiter) : [folder];
  const besides = folders.map((each) => join(each, 'lamplighter-stake.so'));
  return besides.find((file) => existsSync(file));
}

const mspIdOf = (name: Name): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;

const ORGANISATIONS = NAMES.map((name) => ({
  name,
  mspId: mspIdOf(name),
  domain: `${name}.example`,
}));
const CHAINCODE = { name: 'lamplighter', version: '1', sequence: 1, label: 'lamplighter_1' };

export class StakeFabric implements AsyncDisposable {
  readonly stake: StakeNetwork;
  readonly #network: FabricNetwork;
  readonly #state: string;
  readonly #directory: string;

  private constructor(stake: StakeNetwork, network: FabricNetwork, state: string) {
    this.stake = stake;
    this.#network = network;
    this.#state = state;
    this.#directory = networkFolder(state);
  }

  static async start(validation: Validation): Promise<StakeFabric> {
    const state = await mkdtemp(join(tmpdir(), 'stake-fabric-'));
    const directory = networkFolder(state);
    const closers = new Closers();
    closers.add(() => rm(state, { recursive: true, force: true }));
    try {
      const options: FabricNetworkOptions = {
        directory,
        organisations: ORGANISATIONS,
        chaincodes: [CHAINCODE],
        binaries: fabricBinaries(),
        validation,
      };
      const network = await FabricNetwork.start(options);
      closers.add(() => network.close());
      const stake = await StakeNetwork.of(network, {
        [Symbol.asyncDispose]: () => closers.closeAll(),
      });
      await announce(state, network);
      return new StakeFabric(stake, network, state);
    } catch (error) {
      await closers.closeAll();
      throw error;
    }
  }

  /** Northlight 45, Helios 30, Meridian 25 shares; Northlight is validator. @returns the validation code */
  found(): Promise<string> {
    return this.stake.submit('northlight', NAMES, 'Stake:Initialise', JSON.stringify(FOUNDING));
  }

  /** Puts vendors with their peers' certificates on the ledger. */
  register(): Promise<void> {
    return this.stake.register(this.#network, NAMES);
  }

  applyStake(): Promise<StakeApplied> {
    return this.#network.applyStake('lamplighter');
  }

  /** Every organisation approves the contracts once more, as they are. @returns commits that, endorsed by some peers' lifecycles */
  async approveAgain(): Promise<(...by: readonly Name[]) => Promise<void>> {
    const { tools, topology } = await this.#administration();
    const { peers, orderers } = topology;
    const of = ['city', 'lamplighter'] as const;
    const { sequence, version, validationPlugin } = await readDefinition(tools, peers[0]!, ...of);
    const { policy } = await this.applyStake();
    const definition = {
      ...{ channel: 'city', name: 'lamplighter', version, sequence: sequence + 1 },
      ...(validationPlugin === STAKE_PLUGIN ? { validationPlugin } : { signaturePolicy: policy }),
    };
    const lifecycle = new Lifecycle(tools, orderers[0]!);
    for (const peer of peers) {
      await lifecycle.approve(peer, definition, await readApprovedPackage(tools, peer, ...of));
    }
    return (...by) => {
      const endorsing = peers.filter(({ organisation }) => by.includes(organisation as Name));
      return lifecycle.commit(endorsing[0]!, definition, endorsing);
    };
  }

  /** `lamplighter stake apply --json`. */
  async command(flags: { readonly plan?: string } = {}): Promise<unknown> {
    const lines: string[] = [];
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    try {
      await apply({ directory: this.#state, json: true, ...flags });
    } finally {
      spy.mockRestore();
    }
    return JSON.parse(lines.join(''));
  }

  /** A file in the state directory. */
  file(name: string): string {
    return join(this.#state, name);
  }

  /** By Fabric's own commands: one administrator signs a configuration update, another one signs and sends it. */
  async signAndSend(file: string): Promise<void> {
    const { tools, topology } = await this.#administration();
    const [northlight, helios] = topology.peers;
    const [orderer] = topology.orderers;
    await asAdministrator(tools, northlight!, ['channel', 'signconfigtx', '-f', file]);
    await asAdministrator(tools, helios!, [
      ...['channel', 'update', '-c', 'city', '-f', file, '-o', addressOf(orderer!), '--tls'],
      ...['--cafile', tlsRootFile(tools.directory, orderer!)],
    ]);
  }

  /** What its administrators work with. */
  async #administration(): Promise<{ tools: ChannelTools; topology: Topology }> {
    const directory = this.#directory;
    const topology = await layOut({
      ...{ directory, channel: 'city', host: '127.0.0.1', orderers: 4 },
      ...{ organisations: ORGANISATIONS, chaincodes: [CHAINCODE] },
    });
    return { tools: { directory, binaries: fabricBinaries() }, topology };
  }

  /** What an organisation's peer wrote about a transaction. */
  wordsOn(name: Name, transactionId: string): readonly string[] {
    const node = this.#network.nodes.find((each) => each.name === `peer0.${name}.example`);
    const lines = readFileSync(node!.logFile, 'utf8').split('\n');
    return lines.filter((line) => line.includes(transactionId));
  }

  /** Signs as an organisation's peer, with the key that its operator has. */
  signerOf(name: Name): Signer {
    const domain = `${name}.example`;
    const msp = join(
      ...[this.#directory, 'organizations', 'peerOrganizations', domain],
      ...['peers', `peer0.${domain}`, 'msp'],
    );
    return newSigner({
      mspId: mspIdOf(name),
      certificate: readFileSync(join(msp, 'signcerts', `peer0.${domain}-cert.pem`), 'utf8'),
      privateKey: readFileSync(join(msp, 'keystore', 'priv_sk'), 'utf8'),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stake[Symbol.asyncDispose]();
  }
}

/** As `network up` does, for commands beside it. */
async function announce(state: string, network: FabricNetwork): Promise<void> {
  takeLockFile(join(state, 'city.lock'));
  const orderers = network.nodes
    .filter(({ kind }) => kind === 'orderer')
    .map(({ name, address }) => ({ name, address, tlsRootCertificate: '' }));
  await writeRunningFile(networkFolder(state), { ...newRunning(state), orderers });
}
