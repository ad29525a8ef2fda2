/** A report whose number another report has: told as a fault, and recorded under the next number. */
import type { StatusReport } from '@lamplighter/chaincode';
import { LedgerError } from '../../../network/src/ledger/ledger-error.ts';
import { answer } from './support/monitoring-answer.ts';
import { TestCity } from './support/test-city.ts';
import type { DeviceLine, TestDevice } from './support/test-device.ts';

const PROVISIONED = { fti: 10, rti: 2, uti: 15 };

describe('a report number that is taken on the ledger', () => {
  let city: TestCity;
  let device: TestDevice;
  let line: DeviceLine;
  beforeEach(async () => {
    city = await TestCity.start();
    device = await city.device('end');
    line = await device.open(city.url);
    await city.event('device-connected');
  });
  afterEach(async () => {
    await city.close();
  });

  /** What somebody else, or this node before its state was set back, reported. */
  const taken = (n: number): StatusReport => ({
    device: device.id,
    n,
    status: 'abnormal',
    reasons: ['digest'],
    sequence: 1,
    version: '1.0.1',
    sha256: '00'.repeat(32),
    observed: '2026-01-01T00:00:00.000Z',
    dueWithin: 12,
  });

  async function round(): Promise<number> {
    await city.clock.advance(12_000);
    const request = await line.expect('mon-req-e');
    line.send(answer(device, request, PROVISIONED));
    await line.expect('mon-set');
    return request.n;
  }

  async function recorded(count: number): Promise<void> {
    while (city.ledger.statuses.length < count) {
      await city.clock.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('is an alarm, and the verdict stands under the next one', async () => {
    city.ledger.statuses.push(taken(4));
    expect(await round()).toBe(1);
    await recorded(2);
    const alarm = await city.event('alarm', ({ code }) => code === 'REPORT_CONFLICT');
    expect(alarm.device).toBe(device.id);
    expect(city.ledger.statuses[1]).toMatchObject({ n: 5, status: 'normal' });
    const { n } = await city.event('round-completed');
    expect(n).toBe(5);
    await city.clock.advance(13_000);
    expect(await line.expect('mon-req-e')).toMatchObject({ n: 6 });
  });

  it('is nothing to tell when it is the very report, whose answer was lost', async () => {
    city.ledger.failures.push(new LedgerError('UNAVAILABLE', 'nobody answers'));
    await round();
    const { observed } = await city.event('judged').then(({ at }) => ({ observed: at }));
    city.ledger.statuses.push({ ...taken(1), observed });
    await city.clock.advance(60_000);
    expect(await city.event('round-completed')).toMatchObject({ n: 1, transactionId: '' });
    expect(city.ledger.statuses).toHaveLength(1);
    const codes = city.events.flatMap((event) => (event.type === 'alarm' ? [event.code] : []));
    expect(codes).not.toContain('REPORT_CONFLICT');
  });
});
