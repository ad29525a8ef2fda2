import { randomBytes } from 'node:crypto';
import type { Partings } from '../../../../network/src/management/partings.ts';
import { openPartings } from '../../../../network/src/management/storage/durable-partings.ts';
import { DurableWriter } from '../../../../network/src/management/storage/durable-writer.ts';
import { codeOf } from '../../code-of.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

async function open(records: ReadonlyMap<string, Uint8Array> = new Map()) {
  const store = new MemoryStore(records);
  const clock = new FakeClock();
  const writer = new DurableWriter({ store, clock, onState: () => undefined });
  const failures: unknown[] = [];
  const partings: Partings = await openPartings(store, writer, (error) => failures.push(error));
  return { store, clock, writer, partings, failures };
}

describe('partings on the disk', () => {
  it('are there at the next start, in their order', async () => {
    const { store, partings } = await open();
    const [first, second] = [bytes(16), bytes(16)];
    const envelope = bytes(300);
    await partings.owe('lamp-1', [first, second]);
    await partings.owe('lamp-2', [bytes(16)]);
    await partings.fulfil('lamp-1', envelope);
    await partings.owe('lamp-3', [bytes(16)]);
    await partings.drop('lamp-3');
    const again = (await open(store.records)).partings;
    expect(again.size).toBe(2);
    expect(again.envelopeFor(first)).toEqual(envelope);
    expect(again.envelopeFor(second)).toEqual(envelope);
    expect(again.owed()).toEqual(['lamp-2']);
    expect(again.get('lamp-1')!.order).toBeLessThan(again.get('lamp-2')!.order);
  });

  it('lose nothing that was answered to a write that fails, and catch up', async () => {
    for (let failing = 1; failing <= 2; failing += 1) {
      for (const fault of ['before', 'after'] as const) {
        const { store, clock, writer, partings, failures } = await open();
        store.fault = (write) => (write === failing ? fault : undefined);
        const kid = bytes(16);
        const envelope = bytes(40);
        const owed = await codeOf(() => partings.owe('lamp-1', [kid]));
        const told = await codeOf(() => partings.fulfil('lamp-1', envelope));
        const stored = (await open(store.records)).partings;
        // What was answered is there; what was not may be.
        expect(owed !== 'none' || stored.size === 1).toBe(true);
        expect(told !== 'none' || stored.envelopeFor(kid) !== undefined).toBe(true);
        await clock.advance(60_000);
        await writer.write([]);
        expect((await open(store.records)).partings.envelopeFor(kid)).toEqual(envelope);
        expect(failures).toEqual([]);
        await writer.close();
      }
    }
  });
});
