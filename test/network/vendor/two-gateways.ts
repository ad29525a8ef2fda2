/**
 * A vendor node, two management nodes of rival organisations and the SDK's devices, over loopback and the real contracts
 * in memory. Time on the ledger and at the vendor can be moved ahead, so that reports are overdue without waiting.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  EndNode,
  LightweightEndNode,
  MemoryFirmwareStore,
  parseProvisioning,
  type DeviceEvents,
} from '@lamplighter/sdk';
import { ed25519PublicKey, x25519PublicKey } from '@lamplighter/sdk/crypto';

import { Contracts } from '../../../network/src/ledger/index.ts';
import {
  ManagementNode,
  type ManagementEvent,
  type ManagementKeys,
  type ManagementNodeOptions,
} from '../../../network/src/management/index.ts';
import { VendorNode, type Provisioning } from '../../../network/src/vendor/index.ts';
import { thePeople, type People } from '../../chaincode/city.ts';
import type { Identity } from '../../chaincode/identities.ts';
import { peerPemOf } from '../../chaincode/peer-certificates.ts';
import { foundedLedger } from '../../chaincode/stake/founded-ledger.ts';
import { contractLedger } from '../contract-ledger.ts';
import { IMAGE, orderFor } from './orders.ts';
import { INTERVALS } from './vendor-city.ts';

const secret = (): Uint8Array => new Uint8Array(randomBytes(32));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What a test may have otherwise. */
export type GatewayOptions = Partial<Pick<ManagementNodeOptions, 'chainLength' | 'storage'>>;

/** A management node that can be stopped and started again on its port, with its keys and its directory. */
export class Gateway {
  readonly id: string;
  readonly contracts: Contracts;
  readonly events: ManagementEvent[] = [];
  readonly #keys: ManagementKeys = {
    signature: secret(),
    sealing: secret(),
    chainMaster: secret(),
  };
  readonly #mspId: string;
  readonly #directory: string;
  readonly #change: GatewayOptions;
  #node: ManagementNode | undefined;
  #port = 0;

  constructor(
    id: string,
    mspId: string,
    directory: string,
    contracts: Contracts,
    change: GatewayOptions = {},
  ) {
    this.id = id;
    this.#mspId = mspId;
    this.#directory = directory;
    this.contracts = contracts;
    this.#change = change;
  }

  get node(): ManagementNode {
    if (this.#node === undefined) throw new TypeError(`${this.id} does not run`);
    return this.#node;
  }

  async start(): Promise<void> {
    this.#node = await ManagementNode.start({
      id: this.id,
      mspId: this.#mspId,
      directory: this.#directory,
      port: this.#port,
      ledger: this.contracts.ledger,
      keys: this.#keys,
      intervals: { base: INTERVALS },
      onEvent: (event) => this.events.push(event),
      ...this.#change,
    });
    this.#port = this.#node.port;
  }

  async stop(): Promise<void> {
    await this.#node?.close();
    this.#node = undefined;
  }

  /** @param as an administrator of its organisation */
  async register(manager: Identity, as: Contracts): Promise<void> {
    await as.registerManagementNode({
      id: this.id,
      certificate: manager.digest,
      signatureKey: hex(ed25519PublicKey(this.#keys.signature)),
      sealingKey: hex(x25519PublicKey(this.#keys.sealing)),
      treeKey: '',
      endpoints: [`ws://127.0.0.1:${this.#port}/v1/device`],
      url: `http://127.0.0.1:${this.#port}`,
    });
  }

  /** Ids of the devices that it judged normal so far. */
  get normal(): ReadonlySet<string> {
    return new Set(
      this.events.flatMap((event) =>
        event.type === 'round-completed' && event.status === 'normal' ? [event.device] : [],
      ),
    );
  }
}

export interface City extends AsyncDisposable {
  readonly vendor: VendorNode;
  readonly a: Gateway;
  readonly b: Gateway;
  /** Managers that the vendor node heard to be gone. */
  readonly gone: readonly string[];
  /** Starts the SDK's device of a document; it ends with the city. */
  readonly run: (document: Provisioning) => Promise<Told>;
  /** Another organisation's word on a release. */
  readonly approve: (release: string) => Promise<void>;
  /** Lets time pass on the ledger and at the vendor. */
  readonly pass: (seconds: number) => void;
}

export async function startCity(change: GatewayOptions = {}): Promise<City> {
  const people: People = await thePeople();
  const memory = await foundedLedger(people.northlight.administrator);
  const directory = await mkdtemp(path.join(tmpdir(), 'two-gateways-'));
  let ahead = 0;
  const gone: string[] = [];
  const time = (): number => Math.floor(Date.now() / 1_000) + ahead;
  const as = (identity: Identity): Contracts =>
    new Contracts(contractLedger(memory, identity, { time }));
  const gateway = (id: string, mspId: string, identity: Identity): Gateway =>
    new Gateway(id, mspId, path.join(directory, id), as(identity), change);
  const a = gateway('gateway-a', 'NorthlightMSP', people.northlight.manager);
  const b = gateway('gateway-b', 'HeliosMSP', people.helios.manager);
  const { ledger } = as(people.northlight.administrator);
  const vendor = await VendorNode.start({
    id: 'northlight',
    directory: path.join(directory, 'northlight'),
    ledger,
    managers: ['gateway-a', 'gateway-b'],
    now: () => Date.now() + ahead * 1_000,
    onManagerGone: ({ manager }) => gone.push(manager),
    overdueEveryMs: 50,
  });
  await vendor.register([peerPemOf('northlight')]);
  const model = { vendor: 'northlight', slotBytes: 65_536, approvals: 1 };
  await vendor.contracts.registerModel({ id: 'prime', kind: 'end', ...model });
  await vendor.contracts.registerModel({ id: 'mote', kind: 'lightweight', ...model });
  await a.start();
  await b.start();
  await a.register(people.northlight.manager, as(people.northlight.administrator));
  await b.register(people.helios.manager, as(people.helios.administrator));
  const devices: AsyncDisposable[] = [];
  return {
    vendor,
    a,
    b,
    gone,
    run: async (document) => {
      const { device, told } = await startDevice(document);
      devices.push(device);
      return told;
    },
    approve: async (release) => {
      await as(people.helios.administrator).approveRelease(release);
    },
    pass: (seconds) => {
      ahead += seconds;
    },
    async [Symbol.asyncDispose]() {
      for (const device of devices) await device[Symbol.asyncDispose]();
      await a.stop();
      await b.stop();
      await vendor.close();
      await rm(directory, { recursive: true });
    },
  };
}

export async function makeDevices(
  { vendor }: City,
  ...ids: readonly string[]
): Promise<readonly Provisioning[]> {
  const orders = ids.map(async (id) => ({
    ...(await orderFor(vendor, id, id.replace(/-.*$/, ''))),
    manager: 'gateway-a',
  }));
  return vendor.manufacture(await Promise.all(orders));
}

/** What one device told. */
export interface Told {
  readonly id: string;
  /** Managers it had sessions with, in order. */
  readonly managers: string[];
  readonly closeCodes: number[];
  readonly ends: (keyof DeviceEvents)[];
}

/** Starts the SDK's device of a document, impatient. */
async function startDevice(
  document: Provisioning,
): Promise<{ readonly device: AsyncDisposable; readonly told: Told }> {
  const identity = parseProvisioning(document);
  const { gen, seq, version } = identity;
  const options = {
    firmware: new MemoryFirmwareStore({ bytes: IMAGE, gen, seq, version }, identity.slotBytes),
    retry: { nextDelay: () => 0.3 },
  };
  const device =
    identity.kind === 'end'
      ? await EndNode.start({ identity, ...options })
      : await LightweightEndNode.start({ identity, ...options });
  const told: Told = { id: device.id, managers: [], closeCodes: [], ends: [] };
  device.on('connected', ({ manager }) => told.managers.push(manager));
  device.on('disconnected', ({ closeCode }) => told.closeCodes.push(closeCode));
  for (const name of ['retired', 'suspended', 'closed'] as const) {
    device.on(name, () => told.ends.push(name));
  }
  return { device, told };
}

/** Resolves when `met` is; gives up before the test's own time limit, so that everything is closed. */
export async function until(met: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!met()) {
    if (Date.now() > end) throw new Error(`never happened: ${met.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
