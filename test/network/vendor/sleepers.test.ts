/** Devices that were away while their vendor moved or retired them (protocol §2.3): manager, vendor and ledger together. */
import { randomBytes } from 'node:crypto';
import { codeOf } from '../code-of.ts';
import { makeDevices, startCity, until, type City } from './two-gateways.ts';

// Management nodes, devices and their windows run on real time here.
jest.setTimeout(30_000);

const ON_DISK = {
  storage: { kind: 'disk', masterKey: new Uint8Array(randomBytes(32)) },
} as const;

const added = ({ a, b }: City, at: 'a' | 'b', serial: number): boolean =>
  (at === 'a' ? a : b).events.some(
    (event) => event.type === 'device-added' && event.serial === serial,
  );

describe('a device that slept', () => {
  it('through several assignments is told where it belongs, by every gateway that had it', async () => {
    await using city = await startCity();
    const { vendor, a, b } = city;
    const documents = await makeDevices(city, 'prime-1', 'mote-1');
    const ids = ['prime-1', 'mote-1'];
    for (const [to, serial] of [
      ['gateway-b', 1],
      ['gateway-a', 2],
      ['gateway-b', 3],
    ] as const) {
      expect(await vendor.transfer(ids, to)).toEqual(new Map());
      await until(() => added(city, to === 'gateway-a' ? 'a' : 'b', serial));
    }
    // They know gateway A only, and the assignment of the factory.
    const devices = await Promise.all(documents.map(city.run));
    await until(() => b.normal.size === 2);
    for (const { managers } of devices) expect(managers).toEqual(['gateway-b']);
    expect(a.events.filter(({ type }) => type === 'alarm')).toEqual([]);
  });

  it('while it was retired is told so, though its gateway was down at that time', async () => {
    await using city = await startCity(ON_DISK);
    const { vendor, a } = city;
    const [awake, asleep] = await makeDevices(city, 'prime-1', 'mote-1');
    const told = await city.run(awake!);
    await until(() => told.managers.length > 0);
    await a.stop();
    await vendor.retire('prime-1');
    await vendor.retire('mote-1');
    await a.start();
    await until(() => told.ends.includes('closed'));
    expect(told.ends).toContain('retired');
    // Once more: what is owed to the one that sleeps is on the disk.
    await a.stop();
    await a.start();
    const late = await city.run(asleep!);
    await until(() => late.ends.includes('closed'));
    expect(late.ends).toContain('retired');
    expect(late.managers).toEqual([]);
  });

  it('is not, and is retired in its session', async () => {
    await using city = await startCity();
    const { vendor, a } = city;
    const devices = await Promise.all((await makeDevices(city, 'prime-1', 'mote-1')).map(city.run));
    await until(() => devices.every(({ managers }) => managers.length > 0));
    await vendor.retire('prime-1');
    await vendor.retire('mote-1');
    await until(() => devices.every(({ ends }) => ends.includes('closed')));
    for (const { ends } of devices) expect(ends).toContain('retired');
    const codes = (): unknown[] =>
      a.events.flatMap((event) => (event.type === 'assignment-pushed' ? [event.code] : []));
    await until(() => codes().length === 2);
    expect(codes()).toEqual([0, 0]);
    expect(await codeOf(() => vendor.retire('prime-1'))).toBe('none');
  });

  it('is not, and goes to another gateway from its session', async () => {
    await using city = await startCity();
    const { vendor, b } = city;
    const devices = await Promise.all((await makeDevices(city, 'prime-1', 'mote-1')).map(city.run));
    await until(() => devices.every(({ managers }) => managers.length > 0));
    await vendor.transfer(['prime-1', 'mote-1'], 'gateway-b');
    await until(() => b.normal.size === 2);
    for (const { managers } of devices) expect(managers).toEqual(['gateway-a', 'gateway-b']);
  });
});
