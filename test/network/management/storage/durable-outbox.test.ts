import type { StatusReport, UpdateReport } from '@lamplighter/chaincode';
import { Contracts } from '../../../../network/src/ledger/contracts.ts';
import { LedgerError } from '../../../../network/src/ledger/ledger-error.ts';
import type { ManagementFact } from '../../../../network/src/management/events.ts';
import { durableOutboxParts } from '../../../../network/src/management/ledger-outbox.ts';
import type { OutboxEntry } from '../../../../network/src/management/outbox.ts';
import { DurableOutbox } from '../../../../network/src/management/storage/durable-outbox.ts';
import { DurableWriter } from '../../../../network/src/management/storage/durable-writer.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeLedger } from '../support/fake-ledger.ts';
import { fakeRandom } from '../support/fake-random.ts';
import { MemoryStore } from '../support/memory-store.ts';

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

/** One process's outbox; the ledger and the records of the store outlive it. */
async function start(ledger: FakeLedger, records?: ReadonlyMap<string, Uint8Array>) {
  const clock = new FakeClock();
  const store = new MemoryStore(records);
  const writer = new DurableWriter({ store, clock, onState: () => undefined });
  const facts: ManagementFact[] = [];
  const parts = {
    clock,
    random: fakeRandom(),
    contracts: new Contracts(ledger),
    events: { emit: (fact: ManagementFact) => void facts.push(fact) },
  };
  const outbox = await DurableOutbox.open({ store, writer, ...durableOutboxParts(parts) });
  return { clock, store, writer, outbox, facts };
}

const recorded = (ledger: FakeLedger): string[] =>
  ledger.statuses.map(({ device, n }) => `${device} ${n}`);

describe('durable outbox', () => {
  it('has a report on the disk before it is taken, and forgets it with its transaction', async () => {
    const ledger = new FakeLedger();
    const { clock, store, outbox, facts } = await start(ledger);
    await outbox.put(status('a', 1));
    expect([...store.records.keys()]).toEqual(['report/0000000000000000']);
    await outbox.put(status('b', 1));
    await clock.advance(200);
    expect(recorded(ledger)).toEqual(['a 1', 'b 1']);
    expect(facts.map((fact) => 'transactionId' in fact && fact.transactionId)).toEqual([
      'tx-1',
      'tx-1',
    ]);
    expect([...store.records.keys()]).toEqual([]);
    await outbox.drained();
    await outbox.close();
    expect(clock.timers).toBe(0);
  });

  describe('a report that is told again after a start', () => {
    const update = (change: Partial<UpdateReport> = {}): OutboxEntry => {
      const firmware = { gen: 1, sequence: 1, version: '1', size: 1, sha256: '00'.repeat(32) };
      const report: UpdateReport = {
        device: 'a',
        attempt: 1,
        release: '11'.repeat(32),
        from: firmware,
        code: 0,
        cause: 'propagation',
        observed: '2026-01-01T00:00:00.000Z',
        ...change,
      };
      return { kind: 'update', protocol: 'propagation', report };
    };
    const observed = '2026-01-01T00:00:09.000Z';

    /** @returns the second process's outbox; the first was killed with the report on its disk */
    async function restarted(): Promise<Awaited<ReturnType<typeof start>>> {
      const first = await start(new FakeLedger());
      await first.outbox.put(update());
      const records = new Map(first.store.records);
      await first.outbox.close();
      return start(new FakeLedger(), records);
    }

    it('is there already, also once it stands on the ledger', async () => {
      const { clock, store, outbox } = await restarted();
      await outbox.put(update({ observed }));
      expect(outbox.pending).toBe(1);
      expect([...store.records.keys()]).toEqual(['report/0000000000000000']);
      await clock.advance(1_000);
      expect(outbox.pending).toBe(0);
      await outbox.put(update({ observed }));
      expect(outbox.pending).toBe(0);
      expect([...store.records.keys()]).toEqual([]);
      await outbox.close();
    });

    it.each<[string, Partial<UpdateReport>]>([
      ['another attempt', { attempt: 2 }],
      ['another result', { code: 5 }],
      ['another release', { release: '22'.repeat(32) }],
    ])('is another one with %s', async (_what, change) => {
      const { outbox } = await restarted();
      await outbox.put(update({ observed, ...change }));
      expect(outbox.pending).toBe(2);
      await outbox.close();
    });
  });

  it('has the signed transaction on the disk before it is sent', async () => {
    const ledger = new FakeLedger();
    const { clock, store, outbox } = await start(ledger);
    const stored: boolean[] = [];
    const send = ledger.send.bind(ledger);
    ledger.send = (prepared) => {
      const batch = Buffer.from(store.records.get('batch') ?? []).toString();
      stored.push(batch.includes(`"transactionId":"${prepared.transactionId}"`));
      return send(prepared);
    };
    await outbox.put(status('a', 1));
    await clock.advance(200);
    expect(stored).toEqual([true]);
    await outbox.close();
  });

  it.each([
    ['the answer of the ledger was lost', ['answer-lost'], ['tx-1']],
    ['the transaction was lost', ['lost'], ['tx-1', 'tx-1']],
    ['both, one after the other', ['lost', 'answer-lost'], ['tx-1', 'tx-1']],
  ] as const)(
    'sends the same transaction again when %s, and records it once',
    async (_name, faults, sent) => {
      const ledger = new FakeLedger();
      ledger.sendFaults.push(...faults);
      const { clock, outbox } = await start(ledger);
      await outbox.put(status('a', 1));
      await clock.advance(5_000);
      expect(ledger.sent).toEqual(sent);
      expect(recorded(ledger)).toEqual(['a 1']);
      expect(outbox.pending).toBe(0);
      await outbox.close();
    },
  );

  it('makes a new transaction when the first is known to be invalid, however often', async () => {
    const ledger = new FakeLedger();
    for (let conflict = 0; conflict < 20; conflict += 1) {
      ledger.sendFaults.push({ invalid: 'MVCC_READ_CONFLICT' });
    }
    const { clock, outbox } = await start(ledger);
    await outbox.put(status('a', 1));
    await clock.advance(3_600_000);
    expect(new Set(ledger.sent).size).toBe(21);
    expect(recorded(ledger)).toEqual(['a 1']);
    await outbox.close();
  });

  it('finds the one report that the contract refuses and records the others', async () => {
    const ledger = new FakeLedger();
    const prepare = ledger.prepare.bind(ledger);
    ledger.prepare = (transaction, args) =>
      args[0]!.includes('"bad"')
        ? Promise.reject(new LedgerError('DEVICE_NOT_ASSIGNED', 'not yours'))
        : prepare(transaction, args);
    const { clock, store, outbox, facts } = await start(ledger);
    for (const device of ['a', 'b', 'bad', 'c', 'd']) await outbox.put(status(device, 1));
    await clock.advance(200);
    await outbox.drained();
    expect(recorded(ledger)).toEqual(['a 1', 'b 1', 'c 1', 'd 1']);
    expect(facts).toContainEqual({
      type: 'alarm',
      device: 'bad',
      code: 'DEVICE_NOT_ASSIGNED',
      reason: 'not yours',
    });
    expect(store.records.size).toBe(0);
    await outbox.close();
  });

  it('keeps all reports while the ledger is away for a minute, and brings each when it is back', async () => {
    const ledger = new FakeLedger();
    const { clock, outbox } = await start(ledger);
    await outbox.put(status('a', 1));
    await clock.advance(200);
    ledger.away = true;
    for (let second = 2; second < 62; second += 1) {
      await outbox.put(status('a', second));
      await outbox.put(status('b', second));
      await clock.advance(1_000);
    }
    expect(outbox.pending).toBe(120);
    ledger.away = false;
    await clock.advance(60_000);
    await outbox.drained();
    const ofA = ledger.statuses.filter(({ device }) => device === 'a').map(({ n }) => n);
    expect(ofA).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));
    expect(ledger.statuses).toHaveLength(121);
    await outbox.close();
  });

  it('gives a transaction up that orderers refuse, at once when it can not have been ordered', async () => {
    const refusal = new LedgerError('ORDERER_REFUSED', 'FORBIDDEN');
    const ledger = new FakeLedger();
    const send = ledger.send.bind(ledger);
    let refusals = 1;
    ledger.send = (prepared) => (refusals-- > 0 ? Promise.reject(refusal) : send(prepared));
    const { clock, outbox, store } = await start(ledger);
    await outbox.put(status('a', 1));
    await clock.advance(2_000);
    expect(ledger.sent).toEqual(['tx-2']);
    // Of an earlier process: it may have been ordered, so it is asked for and sent some times first.
    ledger.sendFaults.push('lost');
    await outbox.put(status('a', 2));
    await clock.advance(200);
    await outbox.close();
    refusals = 8;
    const next = await start(ledger, store.records);
    await next.clock.advance(600_000);
    expect(recorded(ledger)).toEqual(['a 1', 'a 2']);
    expect(next.store.records.size).toBe(0);
    await next.outbox.close();
  });

  it('refuses a report over its capacity, when closed, and when the disk does not take it', async () => {
    const ledger = new FakeLedger();
    const { clock, store, outbox } = await start(ledger);
    store.fault = () => 'before';
    await expect(outbox.put(status('a', 1))).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(outbox.pending).toBe(0);
    store.fault = () => undefined;
    await clock.advance(60_000);
    await outbox.put(status('a', 2));
    await clock.advance(200);
    expect(recorded(ledger)).toEqual(['a 2']);
    await outbox.close();
    await expect(outbox.put(status('a', 3))).rejects.toMatchObject({ code: 'CLOSED' });
  });

  // Every k: the process dies in, before or after its k-th write, at every answer of the ledger.
  it.each([
    ['nothing else happens', []],
    ['the answer is lost', ['answer-lost']],
    ['the transaction is lost', ['lost']],
    ['a conflict comes first', [{ invalid: 'MVCC_READ_CONFLICT' } as const]],
  ] as const)(
    'records each acknowledged report once when it dies at its k-th write and %s',
    async (_name, faults) => {
      for (let dying = 1; dying <= 12; dying += 1) {
        for (const fault of ['before', 'after'] as const) {
          const ledger = new FakeLedger();
          ledger.sendFaults.push(...faults);
          const first = await start(ledger);
          // Dead from this write on: neither the disk nor the ledger hears of it again.
          first.store.fault = (write) => {
            if (write < dying) return undefined;
            return write === dying ? fault : 'before';
          };
          const acknowledged: string[] = [];
          for (const [device, n] of [
            ['a', 1],
            ['b', 1],
            ['a', 2],
          ] as const) {
            const taken = await first.outbox.put(status(device, n)).then(
              () => true,
              () => false,
            );
            if (taken) acknowledged.push(`${device} ${n}`);
            if (first.store.writes < dying) await first.clock.advance(n === 1 ? 100 : 2_000);
          }
          await first.outbox.close();
          const second = await start(ledger, first.store.records);
          await second.clock.advance(120_000);
          const onLedger = recorded(ledger);
          expect(new Set(onLedger).size).toBe(onLedger.length);
          expect(onLedger).toEqual(expect.arrayContaining(acknowledged));
          expect(second.outbox.pending).toBe(0);
          expect(second.store.records.size).toBe(0);
          await second.outbox.close();
          await settle();
        }
      }
    },
  );
});
