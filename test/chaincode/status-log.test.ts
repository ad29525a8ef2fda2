import type { HistoryEntry, Page, StatusRecord } from '../../chaincode/src/records.ts';
import { aDevice, anAssignment, aReport, City, digestOf, signedAssignment } from './city.ts';
import { codeOf } from './memory-ledger.ts';

const device = (n: number): string => `lamp-${String(n).padStart(4, '0')}`;
const first = device(1);

describe('ReportStatus', () => {
  it('records the status with manager and transaction time', async () => {
    const city = await City.inhabited(first);
    await city.ledger.submit(
      city.people.northlight.manager,
      'StatusLog:ReportStatus',
      [JSON.stringify(aReport(first))],
      { time: 1_795_100_000 },
    );
    expect(await city.ask('StatusLog:ReadStatus', first)).toStrictEqual({
      ...aReport(first),
      docType: 'status',
      schema: 1,
      manager: 'gate-1',
      time: new Date(1_795_100_000_123).toISOString(),
    });
    expect(city.ledger.events.at(-1)).toStrictEqual({
      name: 'StatusReported',
      payload: { manager: 'gate-1', reports: 1, abnormal: [] },
    });
  });

  it.each([
    [1, 'REPORT_CONFLICT'],
    [2, 'REPORT_DUPLICATE'],
  ])('refuses n = %i after 2 with %s: each n is recorded once', async (n, code) => {
    const city = await City.inhabited(first);
    await city.report(aReport(first, { n: 2 }));
    expect(await codeOf(city.report(aReport(first, { n })))).toBe(code);
  });

  it('keeps n when the device moves to another manager', async () => {
    const city = await City.inhabited(first);
    await city.report(aReport(first, { n: 5 }));
    await city.assign(anAssignment(first, 'gate-2', { serial: 1, epoch: 2 }));
    const byNew = (n: number): Promise<unknown> =>
      city.ledger.submit(city.people.helios.manager, 'StatusLog:ReportStatus', [
        JSON.stringify(aReport(first, { n })),
      ]);
    expect(await codeOf(byNew(5))).toBe('REPORT_CONFLICT');
    expect(await codeOf(byNew(6))).toBe('accepted');
  });

  it('takes reports for a suspended device', async () => {
    const city = await City.inhabited(first);
    await city.ledger.submit(city.people.northlight.vendor, 'DeviceRegistry:SuspendDevice', [
      first,
      'stolen',
    ]);
    expect(await codeOf(city.report(aReport(first)))).toBe('accepted');
  });

  it('refuses devices that are unknown, without manager, or retired', async () => {
    const city = await City.founded();
    expect(await codeOf(city.report(aReport(first)))).toBe('DEVICE_NOT_FOUND');
    await city.register(city.people.northlight.vendor, 'RegisterDevice', aDevice(first, 'prime'));
    expect(await codeOf(city.report(aReport(first)))).toBe('DEVICE_NOT_ASSIGNED');
    await city.assign(anAssignment(first, 'gate-1'));
    const retirement = anAssignment(first, 'gate-1', { op: 1, serial: 1, epoch: 2 });
    await city.ledger.submit(city.people.northlight.vendor, 'DeviceRegistry:RetireDevice', [
      first,
      signedAssignment('northlight', retirement),
    ]);
    expect(await codeOf(city.report(aReport(first)))).toBe('DEVICE_RETIRED');
  });
});

describe('the caller of a report', () => {
  it.each([
    ['another member of the same organisation', 'northlight', 'vendor'],
    ['an administrator of the same organisation', 'northlight', 'administrator'],
    ['the manager of another organisation', 'helios', 'manager'],
    ['an outsider', 'meridian', 'vendor'],
  ] as const)('is not %s', async (_who, organisation, role) => {
    const city = await City.inhabited(first);
    const caller = city.people[organisation][role];
    const report = JSON.stringify(aReport(first));
    const call = city.ledger.submit(caller, 'StatusLog:ReportStatus', [report]);
    expect(await codeOf(call)).toBe('CALLER_NOT_ALLOWED');
    const batch = city.ledger.submit(caller, 'StatusLog:ReportStatuses', [`[${report}]`]);
    expect(await codeOf(batch)).toBe('CALLER_NOT_ALLOWED');
  });

  it('is not the same certificate under another organisation', async () => {
    const city = await City.inhabited(first);
    const caller = { ...city.people.northlight.manager, mspId: 'HeliosMSP' };
    const call = city.ledger.submit(caller, 'StatusLog:ReportStatus', [
      JSON.stringify(aReport(first)),
    ]);
    expect(await codeOf(call)).toBe('CALLER_NOT_ALLOWED');
  });

  it('is not the manager that had the device before', async () => {
    const city = await City.inhabited(first);
    await city.assign(anAssignment(first, 'gate-2', { serial: 1, epoch: 2 }));
    expect(await codeOf(city.report(aReport(first)))).toBe('CALLER_NOT_ALLOWED');
  });

  it('is one manager for the whole batch', async () => {
    const city = await City.inhabited(first);
    await city.settle(device(2), 'gate-2');
    expect(await codeOf(city.report(aReport(first), aReport(device(2))))).toBe(
      'CALLER_NOT_ALLOWED',
    );
  });
});

describe('ReportStatuses', () => {
  it('records 500 devices in one transaction without a range or a history', async () => {
    const names = Array.from({ length: 500 }, (_, index) => device(index));
    const city = await City.crowded(...names);
    const { northlight } = city.people;
    const execution = await city.ledger.submit(northlight.manager, 'StatusLog:ReportStatuses', [
      JSON.stringify(names.map((name) => aReport(name))),
    ]);
    expect(execution.writes.map(([key]) => key)).toStrictEqual(
      names.map((name) => `status:${name}`),
    );
    expect(execution.queries).toStrictEqual([]);
    expect(execution.event?.payload).toBe('{"abnormal":[],"manager":"gate-1","reports":500}');
  });

  it('is all or nothing', async () => {
    const city = await City.inhabited(first, device(2));
    await city.report(aReport(device(2), { n: 3 }));
    const call = city.report(aReport(first, { n: 1 }), aReport(device(2), { n: 3 }));
    expect(await codeOf(call)).toBe('REPORT_DUPLICATE');
    expect(await codeOf(city.ask('StatusLog:ReadStatus', first))).toBe('STATUS_NOT_FOUND');
  });

  it('refuses one device twice, since a transaction does not see its own writes', async () => {
    const city = await City.inhabited(first);
    const call = city.report(aReport(first, { n: 1 }), aReport(first, { n: 2 }));
    expect(await codeOf(call)).toBe('ARGUMENT_INVALID');
  });

  it.each([
    ['an empty batch', 0],
    ['501 reports', 501],
  ])('refuses %s', async (_what, length) => {
    const city = await City.founded();
    const reports = Array.from({ length }, (_, index) => aReport(device(index)));
    expect(await codeOf(city.report(...reports))).toBe('ARGUMENT_INVALID');
  });
});

describe('queries of the status', () => {
  it('shows the history, newest first', async () => {
    const city = await City.inhabited(first);
    await city.report(aReport(first, { n: 1 }));
    await city.report(
      aReport(first, { n: 2, status: 'abnormal', reasons: ['digest'], sha256: digestOf('bad') }),
    );
    const history = await city.ask<HistoryEntry<StatusRecord>[]>('StatusLog:StatusHistory', first);
    expect(history.map(({ value, deleted }) => [value?.n, value?.status, deleted])).toStrictEqual([
      [2, 'abnormal', false],
      [1, 'normal', false],
    ]);
    expect(await city.ask('StatusLog:StatusHistory', 'nobody')).toStrictEqual([]);
  });

  it('lists abnormal devices, page by page, until they are well again', async () => {
    const names = [device(1), device(2), device(3), device(4)];
    const city = await City.inhabited(...names);
    await city.report(
      ...names.map((name, index) =>
        index === 3
          ? aReport(name, { status: 'clone-suspected' })
          : aReport(name, { status: 'abnormal', reasons: ['version', 'digest'] }),
      ),
    );
    expect(city.ledger.events.at(-1)?.payload).toMatchObject({ abnormal: names });
    await city.report(aReport(device(2), { n: 2 }));
    await city.report(aReport(device(3), { n: 2, status: 'abnormal', reasons: ['size'] }));
    const page = await city.ask<Page<StatusRecord>>('StatusLog:AbnormalDevices', '2', '');
    expect(page.items.map((item) => [item.device, item.n])).toStrictEqual([
      [device(1), 1],
      [device(3), 2],
    ]);
    const rest = await city.ask<Page<StatusRecord>>(
      'StatusLog:AbnormalDevices',
      '2',
      page.bookmark,
    );
    expect(rest.items.map((item) => item.device)).toStrictEqual([device(4)]);
    expect(rest.bookmark).toBe('');
  });

  it('lists no retired device as abnormal', async () => {
    const city = await City.inhabited(first);
    await city.report(aReport(first, { status: 'abnormal', reasons: ['size'] }));
    await city.ledger.submit(city.people.northlight.vendor, 'DeviceRegistry:RetireDevice', [
      first,
      signedAssignment('northlight', anAssignment(first, 'gate-1', { op: 1, serial: 1, epoch: 2 })),
    ]);
    const abnormal = await city.ask('StatusLog:AbnormalDevices', '10', '');
    expect(abnormal).toStrictEqual({ items: [], bookmark: '' });
  });
});
