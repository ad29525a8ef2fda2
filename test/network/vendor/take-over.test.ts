import { codeOf } from '../code-of.ts';
import { makeDevices, startCity, until, type City } from './two-gateways.ts';

// Management nodes, devices and their windows run on real time here.
jest.setTimeout(30_000);

const IDS = ['prime-1', 'mote-1', 'prime-2', 'mote-2'];

/** All status reports by `id` stand on the ledger as made by that manager. */
async function reporters(city: City, ids: readonly string[]): Promise<readonly string[]> {
  const { contracts } = city.vendor;
  return Promise.all(ids.map(async (id) => (await contracts.readStatus(id)).manager));
}

describe('take-over', () => {
  it('gives the devices of a manager that is gone to another, and locks the old one out', async () => {
    await using city = await startCity();
    const { vendor, a, b } = city;
    const devices = await Promise.all((await makeDevices(city, ...IDS)).map(city.run));
    await until(() => a.normal.size === IDS.length);
    await a.node.reported();
    expect(await vendor.standings()).toEqual([]);
    expect(await codeOf(() => vendor.takeOver('gateway-a'))).toBe('MANAGER_NOT_OVERDUE');

    // Gone: its reports are overdue, and the ledger says so.
    await a.stop();
    city.pass(60);
    const { items } = await vendor.contracts.overdueDevices();
    expect(items.map(({ device }) => device).sort()).toEqual([...IDS].sort());
    expect(await vendor.standings()).toEqual([
      { manager: 'gateway-a', devices: 4, overdue: 4, gone: true },
    ]);

    await until(() => city.gone.length > 0);
    expect(city.gone).toEqual(['gateway-a']);

    const done = await vendor.takeOver('gateway-a');
    expect(done).toMatchObject({
      manager: 'gateway-a',
      to: 'gateway-b',
      suspended: [],
      failed: [],
    });
    expect([...done.transferred].sort()).toEqual([...IDS].sort());
    // Whoever just took over is not gone, too.
    expect(await vendor.standings()).toEqual([]);

    // The devices dial A in vain, find B in their assignment, take its notice and are served.
    await until(() => b.normal.size === IDS.length);
    await b.node.reported();
    expect(await reporters(city, IDS)).toEqual(IDS.map(() => 'gateway-b'));
    for (const { managers } of devices) expect(managers).toEqual(['gateway-a', 'gateway-b']);
    expect(await vendor.contracts.readDevice('mote-1')).toMatchObject({
      state: 'assigned',
      assignment: { manager: 'gateway-b', serial: 1, epoch: 2 },
    });

    // A returns: no device is its own, the ledger takes nothing of it, and devices that ask there are not served.
    const late = await vendor.contracts.readStatus('prime-1');
    await a.start();
    expect(a.node.devices).toEqual([]);
    const { docType, schema, manager, time, ...report } = late;
    expect({ docType, schema, manager, time: typeof time }).toMatchObject({ manager: 'gateway-b' });
    const reporting = a.contracts.reportStatuses([{ ...report, n: report.n + 1 }]);
    expect(await codeOf(() => reporting)).toBe('CALLER_NOT_ALLOWED');
    await b.stop();
    await until(() => devices.every(({ closeCodes }) => closeCodes.includes(4401)));
    expect(a.node.connected).toBe(0);
    for (const { managers } of devices) expect(managers).toEqual(['gateway-a', 'gateway-b']);
  });
});

describe('take-over of a manager that died before its first report', () => {
  it('is seen in the ledger, and needs no force', async () => {
    await using city = await startCity();
    const { vendor, a, b } = city;
    const documents = await makeDevices(city, ...IDS);
    await a.stop();
    // Its reports may still come.
    city.pass(12);
    expect(await vendor.standings()).toEqual([]);
    expect(await codeOf(() => vendor.takeOver('gateway-a'))).toBe('MANAGER_NOT_OVERDUE');
    city.pass(60);
    expect(await vendor.standings()).toEqual([
      { manager: 'gateway-a', devices: 4, overdue: 4, gone: true },
    ]);
    const { transferred } = await vendor.takeOver('gateway-a');
    expect([...transferred].sort()).toEqual([...IDS].sort());
    expect(await vendor.standings()).toEqual([]);
    await Promise.all(documents.map(city.run));
    await until(() => b.normal.size === IDS.length);
    await b.node.reported();
    expect(await reporters(city, IDS)).toEqual(IDS.map(() => 'gateway-b'));
  });
});

describe('transfer', () => {
  it('moves single devices between managers that are both there', async () => {
    await using city = await startCity();
    const { vendor, a, b } = city;
    const documents = await makeDevices(city, 'prime-1', 'mote-1', 'prime-2');
    const devices = await Promise.all(documents.map(city.run));
    await until(() => a.normal.size === 3);
    expect(await vendor.transfer(['prime-1', 'mote-1'], 'gateway-b')).toEqual(new Map());
    await until(() => b.node.connected === 2);
    expect([...b.node.devices].sort()).toEqual(['mote-1', 'prime-1']);
    expect(a.node.devices).toEqual(['prime-2']);
    expect(devices.map(({ managers }) => managers)).toEqual([
      ['gateway-a', 'gateway-b'],
      ['gateway-a', 'gateway-b'],
      ['gateway-a'],
    ]);
  });
});
