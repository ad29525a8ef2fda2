/** The vendor's roots move while a device sleeps: vendor node, gateway and the SDK's device over loopback (protocol §7.1, §7.2). */
import { randomBytes } from 'node:crypto';
import {
  EndNode,
  MemoryFirmwareStore,
  parseProvisioning,
  type EndNode as Device,
} from '@lamplighter/sdk';
import { IMAGE, NEXT, orderFor } from './orders.ts';
import { startCity, until, type City } from './two-gateways.ts';

/** What a stolen release key can sign. */
const HUGE = 2 ** 40;

interface Running extends AsyncDisposable {
  readonly generations: number[];
  readonly updated: number[];
  readonly refused: number[];
  readonly device: Device;
}

/** An end node whose firmware, as made, has this generation. */
async function startDevice({ vendor }: City, gen: number): Promise<Running> {
  const order = await orderFor(vendor, 'prime-1', 'prime');
  const firmware = { ...order.firmware, gen };
  const [document] = await vendor.manufacture([{ ...order, firmware, manager: 'gateway-a' }]);
  const identity = parseProvisioning(document!);
  if (identity.kind !== 'end') throw new Error('expected an end node');
  const { seq, version, slotBytes } = identity;
  const device = await EndNode.start({
    identity,
    firmware: new MemoryFirmwareStore({ bytes: IMAGE, gen, seq, version }, slotBytes),
    retry: { nextDelay: () => 0.3 },
  });
  const told = { generations: [] as number[], updated: [] as number[], refused: [] as number[] };
  device.on('roots', (event) => told.generations.push(event.gen));
  device.on('updated', (event) => told.updated.push(event.seq));
  device.on('updateRefused', (event) => told.refused.push(event.code));
  return { ...told, device, [Symbol.asyncDispose]: () => device[Symbol.asyncDispose]() };
}

const newImage = (): Uint8Array => new Uint8Array(randomBytes(2_000));

describe('a device that slept through rotations', () => {
  it.each([0, 1])(
    'follows them in order from generation %d, and leaves a thief’s sequence number behind',
    async (gen) => {
      await using city = await startCity();
      const { vendor } = city;
      await using running = await startDevice(city, gen);
      const publish = async (seq: number): Promise<void> => {
        const order = { ...NEXT, model: 'prime', image: newImage(), gen, seq };
        await city.approve((await vendor.publish(order)).id);
      };
      await publish(HUGE);
      await until(() => running.updated.includes(HUGE));

      await vendor.rotateRoots({ k: 2, n: 3 });
      await vendor.rotateRoots({ k: 3, n: 5 });
      await vendor.rotateRoots({ k: 1, n: 2 });
      expect(running.generations).toEqual([]);
      await publish(2);
      await until(() => running.updated.includes(2));
      expect(running.generations).toEqual(gen === 0 ? [1, 2, 3, 4] : [2, 3, 4]);
      expect(running.updated).toEqual([HUGE, 2]);
      expect(running.refused).toEqual([]);

      // Under the new keys it goes on as ever.
      await publish(3);
      await until(() => running.updated.includes(3));
      expect(running.generations.at(-1)).toBe(4);
      expect(running.refused).toEqual([]);
    },
  );
});
