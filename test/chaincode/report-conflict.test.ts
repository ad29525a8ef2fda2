import type { StatusReport } from '../../chaincode/src/records.ts';
import { aReport, anAssignment, City } from './city.ts';
import { codeOf } from './memory-ledger.ts';

const lamp = 'lamp-0001';

describe('a report whose number stands on the ledger', () => {
  it('is a duplicate when it is the very report, whatever the order of its fields', async () => {
    const city = await City.inhabited(lamp);
    const report = aReport(lamp, { n: 2, status: 'abnormal', reasons: ['digest', 'size'] });
    await city.report(report);
    const turned = Object.fromEntries(Object.entries(report).reverse()) as unknown as StatusReport;
    expect(await codeOf(city.report(turned))).toBe('REPORT_DUPLICATE');
  });

  it.each<[string, Partial<StatusReport>]>([
    ['another time', { observed: '2026-11-22T12:00:00.001Z' }],
    ['another status', { status: 'unreachable' }],
    ['another image', { sha256: 'ab'.repeat(32) }],
    ['another version', { version: '7.28.0' }],
    ['a lower number', { n: 1 }],
  ])('is told as a conflict with %s, and changes nothing', async (_what, change) => {
    const city = await City.inhabited(lamp);
    await city.report(aReport(lamp, { n: 2 }));
    const before = await city.ask('StatusLog:ReadStatus', lamp);
    expect(await codeOf(city.report(aReport(lamp, { n: 2, ...change })))).toBe('REPORT_CONFLICT');
    expect(await city.ask('StatusLog:ReadStatus', lamp)).toStrictEqual(before);
  });

  it('is a conflict when another manager reported it', async () => {
    const city = await City.inhabited(lamp);
    await city.report(aReport(lamp, { n: 5 }));
    const { helios } = city.people;
    await city.assign(anAssignment(lamp, 'gate-2', { serial: 1, epoch: 2 }));
    const call = city.ledger.submit(helios.manager, 'StatusLog:ReportStatus', [
      JSON.stringify(aReport(lamp, { n: 5 })),
    ]);
    expect(await codeOf(call)).toBe('REPORT_CONFLICT');
  });
});
