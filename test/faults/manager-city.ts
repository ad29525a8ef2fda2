/** What the benches of a management node in a process of its own share: its ledger and vendor, and devices of both classes. */
import { randomBytes } from 'node:crypto';
import { MemoryKeyStore, type DeviceClock } from '@lamplighter/sdk';
import { startGoodDevice, type GoodDevice } from '../attacks/good-devices.ts';
import { freePort } from '../network/embedded/chaincode-process.ts';
import { TestCity } from '../network/management/support/test-city.ts';
import type { ManagerOrder } from './manager-messages.ts';
import { buildManager } from './manager-process.ts';

export const DEVICES = 6;
/** Devices' and manager's clocks against the machine's: windows of 10 s take one. */
export const SPEED = 10;
/** Milliseconds in which everything has to have happened. */
export const PATIENCE = 60_000;

/** See the module comment. */
export class ManagerCity {
  readonly city: TestCity;
  readonly program: string;
  readonly order: ManagerOrder;
  readonly #keys = new Map<string, MemoryKeyStore>();
  readonly #devices: GoodDevice[] = [];

  private constructor(city: TestCity, program: string, order: ManagerOrder) {
    this.city = city;
    this.program = program;
    this.order = order;
  }

  /** The hand-overs are on the disk; the management node itself is not running any more. */
  static async start(): Promise<ManagerCity> {
    const masterKey = new Uint8Array(randomBytes(32));
    const port = await freePort();
    const city = await TestCity.start({ port, storage: { kind: 'disk', masterKey } });
    const { id, mspId, directory, keys } = city.options;
    const order = { id, mspId, directory, keys, port, masterKey, speed: SPEED };
    const started = new ManagerCity(city, await buildManager(), order);
    for (let index = 0; index < DEVICES; index += 1) await started.#addDevice(index);
    await city.node.close();
    return started;
  }

  /** What the devices have stored of the manager's proofs. */
  async shown(): Promise<ReadonlyMap<string, { counter: number; index: number }>> {
    const shown = new Map<string, { counter: number; index: number }>();
    for (const [id, keys] of this.#keys) {
      const epoch = (await keys.load())?.epoch;
      shown.set(id, { counter: epoch?.ctr ?? 0, index: epoch?.chain?.index ?? 0 });
    }
    return shown;
  }

  async close(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.close()));
    await this.city.close();
  }

  async #addDevice(index: number): Promise<void> {
    const keys = new MemoryKeyStore();
    const clock = fastDeviceClock();
    const device = await startGoodDevice(this.city, index, { keys, clock });
    this.#keys.set(device.id, keys);
    this.#devices.push(device);
  }
}

function fastDeviceClock(): DeviceClock {
  return {
    now: () => (performance.now() / 1_000) * SPEED,
    schedule: (seconds, callback) => {
      const timer = setTimeout(callback, Math.min((seconds * 1_000) / SPEED, 2 ** 31 - 1));
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
