/** From the last values of a chain to the device's session under its next: manager, vendor and ledger together. */
import { makeDevices, startCity, until } from './two-gateways.ts';

// Management nodes, devices and their windows run on real time here.
jest.setTimeout(30_000);

describe('renewal of a chain', () => {
  it('comes by itself, and monitoring goes on', async () => {
    // Of so short a chain every value is one of the last.
    await using city = await startCity({ chainLength: 64 });
    const { vendor, a } = city;
    const [document] = await makeDevices(city, 'mote-1');
    const device = await city.run(document!);
    await until(() => device.managers.length === 2);
    expect(device.managers).toEqual(['gateway-a', 'gateway-a']);
    const of = (type: string): unknown[] => a.events.filter((event) => event.type === type);
    expect(of('renewal-asked')).toMatchObject([{ device: 'mote-1', serial: 0 }]);
    expect(of('assignment-pushed')).toMatchObject([{ device: 'mote-1', code: 0 }]);
    expect(await vendor.contracts.readDevice('mote-1')).toMatchObject({
      assignment: { manager: 'gateway-a', serial: 1, epoch: 2 },
    });
    const rounds = (): number => of('round-completed').length;
    const before = rounds();
    await until(() => rounds() > before);
    // The next one is not asked for at once, though its chain is as short.
    expect(of('renewal-asked')).toHaveLength(1);
    expect(of('alarm')).toEqual([]);
  });
});
