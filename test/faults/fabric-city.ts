/** A network of Fabric's own programs with the contracts, devices on its ledger, and an outbox that reports on them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Closers } from '../../network/src/closers.ts';
import { FabricNetwork, findBinaries } from '../../network/src/fabric/index.ts';
import {
  connectLedger,
  Contracts,
  type ConnectedLedger,
  type LedgerIdentity,
} from '../../network/src/ledger/index.ts';
import { systemClock, systemRandom } from '../../network/src/management/index.ts';
import { durableOutboxParts } from '../../network/src/management/ledger-outbox.ts';
import type { OutboxOutcome } from '../../network/src/management/outbox.ts';
import { DurableOutbox } from '../../network/src/management/storage/durable-outbox.ts';
import { DurableWriter } from '../../network/src/management/storage/durable-writer.ts';
import { newSigner } from '../../network/src/membership/signer.ts';
import { readLeader } from '../conformance/target/consensus.ts';
import { RawClient } from '../network/embedded/raw-client.ts';
import { MemoryStore } from '../network/management/support/memory-store.ts';
import { settle } from './fabric-inhabitants.ts';

export const MSP_IDS = ['NorthlightMSP', 'HeliosMSP', 'MeridianMSP'] as const;
const CHANNEL = 'city';
const [OWN] = MSP_IDS;

/** See the module comment. */
export class FabricCity implements AsyncDisposable {
  readonly network: FabricNetwork;
  readonly contracts: Contracts;
  readonly #closers: Closers;
  readonly #reader: RawClient;

  private constructor(
    network: FabricNetwork,
    contracts: Contracts,
    reader: RawClient,
    closers: Closers,
  ) {
    this.network = network;
    this.contracts = contracts;
    this.#reader = reader;
    this.#closers = closers;
  }

  /** @param devices their names; registered, and assigned to the outbox's manager */
  static async start(devices: readonly string[]): Promise<FabricCity> {
    const closers = new Closers();
    try {
      const directory = await mkdtemp(join(tmpdir(), 'fabric-city-'));
      closers.add(() => rm(directory, { recursive: true, force: true }));
      const network = await FabricNetwork.start({
        directory,
        organisations: MSP_IDS.map((mspId) => {
          const name = mspId.replace('MSP', '').toLowerCase();
          return { name, mspId, domain: `${name}.example` };
        }),
        chaincodes: [{ name: 'lamplighter', version: '1', sequence: 1, label: 'lamplighter_1' }],
        binaries: await findBinaries(),
        validation: { kind: 'coalitions' },
      });
      closers.add(() => network.close());
      return await inhabit(network, devices, closers);
    } catch (error) {
      await closers.closeAll();
      throw error;
    }

    async function inhabit(
      network: FabricNetwork,
      ids: readonly string[],
      all: Closers,
    ): Promise<FabricCity> {
      const administrator = await network.enrol(OWN, 'Admin', 'admin');
      const manager = await network.enrol(OWN, 'manager', 'client');
      await settle(new Contracts(await connect(network, administrator, all)), manager, ids);
      const contracts = new Contracts(await connect(network, manager, all));
      const reader = new RawClient(network.connectionProfile(OWN), newSigner(administrator));
      all.add(() => {
        reader.close();
        return Promise.resolve();
      });
      return new FabricCity(network, contracts, reader, all);
    }
  }

  /** The outbox of a management node: on its disk, which is memory here, before anything is sent. */
  async outbox(onOutcome: (outcome: OutboxOutcome) => void): Promise<DurableOutbox> {
    const store = new MemoryStore();
    const clock = systemClock;
    const writer = new DurableWriter({ store, clock, onState: () => undefined });
    const events = { emit: () => undefined };
    const parts = { clock, random: systemRandom, contracts: this.contracts, events };
    return DurableOutbox.open({
      store,
      writer,
      ...durableOutboxParts(parts),
      onOutcome,
      longestDelayMs: 1_000,
    });
  }

  /** `host:port` of the orderer that leads. */
  leader(): Promise<string> {
    return readLeader(this.#reader, CHANNEL);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closers.closeAll();
  }
}

async function connect(
  network: FabricNetwork,
  identity: LedgerIdentity,
  closers: Closers,
): Promise<ConnectedLedger> {
  const profile = network.connectionProfile(identity.mspId);
  const ledger = await connectLedger({
    profile,
    identity,
    channel: CHANNEL,
    chaincode: 'lamplighter',
    commitTimeoutMs: 20_000,
  });
  closers.add(() => ledger.close());
  return ledger;
}
