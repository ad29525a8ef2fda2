import type { OverdueDevice, Page } from '../../chaincode/src/records.ts';
import { aDevice, anAssignment, aReport, City, signedAssignment } from './city.ts';

const START = 1_795_100_000;
const iso = (seconds: number): string => new Date(seconds * 1_000 + 123).toISOString();

/** Page after page. */
async function overdue(city: City, time: number, size = 10): Promise<OverdueDevice[]> {
  const items: OverdueDevice[] = [];
  let bookmark = '';
  do {
    const { meridian } = city.people;
    const page: Page<OverdueDevice> = await city.ledger.evaluate(
      meridian.vendor,
      'StatusLog:OverdueDevices',
      [String(size), bookmark],
      { time },
    );
    items.push(...page.items);
    ({ bookmark } = page);
  } while (bookmark !== '');
  return items;
}

const names = (items: readonly OverdueDevice[]): string[] => items.map(({ device }) => device);

/** Registered and assigned at START, the first report due in 600 seconds. */
async function assigned(...devices: readonly string[]): Promise<City> {
  const city = await City.founded();
  const { vendor } = city.people.northlight;
  for (const id of devices) {
    await city.register(vendor, 'RegisterDevice', aDevice(id, 'prime'));
    await city.assign(anAssignment(id, 'gate-1'), START, '600');
  }
  return city;
}

async function report(city: City, device: string, time: number, dueWithin = 60): Promise<void> {
  const argument = JSON.stringify(aReport(device, { dueWithin, n: time }));
  const { manager } = city.people.northlight;
  await city.ledger.submit(manager, 'StatusLog:ReportStatus', [argument], { time });
}

describe('OverdueDevices', () => {
  it('lists a device that was never reported once its first report is late', async () => {
    const city = await assigned('lamp-1', 'lamp-2');
    expect(await overdue(city, START + 600)).toStrictEqual([]);
    expect(await overdue(city, START + 601)).toStrictEqual(
      ['lamp-1', 'lamp-2'].map((device) => ({
        device,
        vendor: 'northlight',
        manager: 'gate-1',
        due: iso(START + 600),
        reported: null,
      })),
    );
  });

  it('lists a device whose next report is late', async () => {
    const city = await assigned('lamp-1', 'lamp-2');
    await report(city, 'lamp-1', START + 590, 60);
    await report(city, 'lamp-2', START + 590, 600);
    expect(await overdue(city, START + 650)).toStrictEqual([]);
    expect(await overdue(city, START + 651)).toStrictEqual([
      {
        device: 'lamp-1',
        vendor: 'northlight',
        manager: 'gate-1',
        due: iso(START + 650),
        reported: iso(START + 590),
      },
    ]);
    expect(names(await overdue(city, START + 1_191))).toStrictEqual(['lamp-1', 'lamp-2']);
  });

  it('gives a new manager the time of one report, and names it', async () => {
    const city = await assigned('lamp-1');
    await report(city, 'lamp-1', START + 10);
    const next = anAssignment('lamp-1', 'gate-2', { serial: 1, epoch: 2 });
    await city.assign(next, START + 1_000, '600');
    expect(await overdue(city, START + 1_600)).toStrictEqual([]);
    expect(await overdue(city, START + 1_601)).toMatchObject([
      { device: 'lamp-1', manager: 'gate-2', reported: iso(START + 10), due: iso(START + 1_600) },
    ]);
  });

  it('waits for no device that is registered only, suspended or retired', async () => {
    const city = await assigned('lamp-1', 'lamp-2', 'lamp-3');
    const { vendor } = city.people.northlight;
    await city.register(vendor, 'RegisterDevice', aDevice('lamp-0', 'prime'));
    await city.ledger.submit(vendor, 'DeviceRegistry:SuspendDevice', ['lamp-1', 'silence']);
    const retirement = anAssignment('lamp-2', 'gate-1', { op: 1, serial: 1, epoch: 2 });
    await city.ledger.submit(vendor, 'DeviceRegistry:RetireDevice', [
      'lamp-2',
      signedAssignment('northlight', retirement),
    ]);
    expect(names(await overdue(city, START + 9_999))).toStrictEqual(['lamp-3']);
  });

  it('finds each once, page by page, reported or not', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => `lamp-${String(index)}`);
    const city = await assigned(...ids);
    for (const id of ids.filter((_, index) => index % 3 !== 0)) await report(city, id, START);
    // Not overdue, between those that are.
    await report(city, 'lamp-4', START + 500, 9_999);
    const due = ids.filter((id) => id !== 'lamp-4');
    for (const size of [1, 2, 4, 9]) {
      const items = await overdue(city, START + 601, size);
      expect(names(items)).toStrictEqual(due);
      const silent = items.filter(({ reported }) => reported === null);
      expect(names(silent)).toStrictEqual(['lamp-0', 'lamp-3', 'lamp-6']);
    }
  });

  it('reads two ranges, and no key by itself', async () => {
    const city = await assigned('lamp-1', 'lamp-2');
    await report(city, 'lamp-1', START);
    const { northlight } = city.people;
    const query = ['StatusLog:OverdueDevices', '10', ''];
    const { reads, queries } = await city.ledger.execute(northlight.vendor, query, {
      time: START + 601,
    });
    expect(reads).toStrictEqual([]);
    expect([...queries].sort()).toStrictEqual(['device:..device;', 'status:..status;']);
  });
});
