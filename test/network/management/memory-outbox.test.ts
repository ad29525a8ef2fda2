import type { StatusReport, UpdateReport } from '@lamplighter/chaincode';
import { MemoryOutbox } from '../../../network/src/management/memory-outbox.ts';
import type { FailureVerdict } from '../../../network/src/management/outbox-retry.ts';
import { takeBatch } from '../../../network/src/management/outbox-batch.ts';
import type { OutboxEntry, OutboxOutcome } from '../../../network/src/management/outbox.ts';
import { FakeClock } from './support/fake-clock.ts';
import { fakeRandom } from './support/fake-random.ts';

function status(device: string, n: number): OutboxEntry {
  const report: StatusReport = {
    device,
    n,
    status: 'normal',
    reasons: [],
    sequence: 1,
    version: '1.0.0',
    sha256: '00'.repeat(32),
    observed: '2026-01-01T00:00:00.000Z',
    dueWithin: 12,
  };
  return { kind: 'status', protocol: 'monitoring', report };
}

function update(device: string, attempt: number): OutboxEntry {
  const from = { gen: 1, sequence: 1, version: '1', size: 1, sha256: '00'.repeat(32) };
  const report: UpdateReport = {
    device,
    attempt,
    release: '11'.repeat(32),
    from,
    code: 0,
    cause: 'request',
    observed: '2026-01-01T00:00:00.000Z',
  };
  return { kind: 'update', protocol: 'propagation', report };
}

class Coded extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`${code}: made by a test`);
    this.code = code;
  }
}

function build(options: {
  submit?: (reports: readonly { device: string }[], call: number) => Promise<string>;
  capacity?: number;
  batchLimit?: number;
}) {
  const clock = new FakeClock();
  const outcomes: OutboxOutcome[] = [];
  const calls: string[][] = [];
  const submit = async (reports: readonly { device: string }[]): Promise<string> => {
    calls.push(reports.map((report) => report.device));
    return (await options.submit?.(reports, calls.length)) ?? `tx-${String(calls.length)}`;
  };
  const verdicts: Record<string, FailureVerdict> = {
    UNAVAILABLE: 'retry',
    MVCC_READ_CONFLICT: 'retry',
    ALREADY: 'recorded',
  };
  const outbox = new MemoryOutbox({
    clock,
    random: fakeRandom(),
    submitter: { statuses: submit, updates: submit },
    judge: (error) => (error instanceof Coded ? verdicts[error.code] : undefined) ?? 'refused',
    onOutcome: (outcome) => outcomes.push(outcome),
    ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
    ...(options.batchLimit === undefined ? {} : { batchLimit: options.batchLimit }),
  });
  return { clock, outbox, outcomes, calls };
}

describe('memory outbox', () => {
  it('puts what comes within 200 ms into one transaction and tells its id for each report', async () => {
    const { clock, outbox, outcomes, calls } = build({});
    await outbox.put(status('a', 1));
    await clock.advance(199);
    await outbox.put(status('b', 1));
    expect(calls).toEqual([]);
    await clock.advance(1);
    expect(calls).toEqual([['a', 'b']]);
    expect(outcomes.map((outcome) => 'transactionId' in outcome && outcome.transactionId)).toEqual([
      'tx-1',
      'tx-1',
    ]);
    expect(outbox.pending).toBe(0);
    await outbox.drained();
    await outbox.close();
  });

  it('sends at most the batch limit a transaction', async () => {
    const { clock, outbox, calls } = build({ batchLimit: 500 });
    for (let device = 0; device < 1_200; device += 1)
      await outbox.put(status(`d${String(device)}`, 1));
    await clock.advance(200);
    expect(calls.map((call) => call.length)).toEqual([500, 500, 200]);
    await outbox.close();
  });

  it('never has two reports of a device in one transaction, and keeps their order over kinds', async () => {
    const { clock, outbox, calls, outcomes } = build({});
    for (const entry of [status('a', 1), status('a', 2), update('a', 1), status('b', 1)]) {
      await outbox.put(entry);
    }
    await clock.advance(200);
    expect(calls).toEqual([['a', 'b'], ['a'], ['a']]);
    expect(outcomes.map(({ entry }) => entry.kind)).toEqual([
      'status',
      'status',
      'status',
      'update',
    ]);
    await outbox.close();
  });

  it.each(['UNAVAILABLE', 'MVCC_READ_CONFLICT'])(
    'sends again after %s, later each time',
    async (code) => {
      const times: number[] = [];
      const { clock, outbox, outcomes } = build({
        submit: (_reports, call) => {
          times.push(clock.monotonic());
          return call < 4 ? Promise.reject(new Coded(code)) : Promise.resolve('tx');
        },
      });
      await outbox.put(status('a', 1));
      await clock.advance(60_000);
      expect(outcomes).toEqual([{ entry: status('a', 1), transactionId: 'tx' }]);
      const pauses = times.slice(1).map((time, index) => time - times[index]!);
      pauses.forEach((pause, attempt) => {
        expect(pause).toBeGreaterThanOrEqual(125 * 2 ** attempt);
        expect(pause).toBeLessThanOrEqual(375 * 2 ** attempt);
      });
      await outbox.close();
    },
  );

  it('finds the one report that the contract refuses and records the others', async () => {
    const { clock, outbox, outcomes } = build({
      submit: (reports) =>
        reports.some((report) => report.device === 'bad')
          ? Promise.reject(new Coded('DEVICE_NOT_FOUND'))
          : Promise.resolve('tx'),
    });
    for (const device of ['a', 'b', 'bad', 'c', 'd']) await outbox.put(status(device, 1));
    await clock.advance(200);
    expect(
      outcomes.map((outcome) => [
        outcome.entry.report.device,
        'refused' in outcome ? outcome.refused.code : outcome.transactionId,
      ]),
    ).toEqual([
      ['a', 'tx'],
      ['b', 'tx'],
      ['bad', 'DEVICE_NOT_FOUND'],
      ['c', 'tx'],
      ['d', 'tx'],
    ]);
    expect(outbox.pending).toBe(0);
    await outbox.close();
  });

  it('takes "already recorded" as done: the try before had reached the ledger', async () => {
    const { clock, outbox, outcomes } = build({
      submit: () => Promise.reject(new Coded('ALREADY')),
    });
    await outbox.put(update('a', 1));
    await clock.advance(200);
    expect(outcomes).toEqual([{ entry: update('a', 1), transactionId: '' }]);
    await outbox.close();
  });

  it('refuses a report over its capacity, and every report once closed', async () => {
    const { outbox } = build({ capacity: 1 });
    await outbox.put(status('a', 1));
    await expect(outbox.put(status('b', 1))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    await outbox.close();
    await expect(outbox.put(status('c', 1))).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('ends while the ledger is away, and leaves no timer', async () => {
    const { clock, outbox } = build({ submit: () => Promise.reject(new Coded('UNAVAILABLE')) });
    await outbox.put(status('a', 1));
    await clock.advance(5_000);
    await outbox.close();
    expect(clock.timers).toBe(0);
    expect(outbox.pending).toBe(1);
  });
});

describe('choice of a batch', () => {
  it('holds back a report whose device has an older one of the other kind', () => {
    const queue = [update('a', 1), status('b', 1), status('a', 2)];
    expect(takeBatch(queue, 10)?.entries).toEqual([update('a', 1)]);
    expect(takeBatch(queue, 10)?.entries).toEqual([status('b', 1), status('a', 2)]);
    expect(takeBatch(queue, 10)).toBeNull();
  });
});
