import { randomBytes } from 'node:crypto';
import { ed25519PublicKey, pskOf } from '@lamplighter/sdk/crypto';
import { manageEpoch } from '@lamplighter/sdk/protocol';
import { encodeAssignment } from '@lamplighter/sdk/wire';
import { NO_UPDATE, type DeviceEntry } from '../../../../network/src/management/device-database.ts';
import { DurableDeviceDatabase } from '../../../../network/src/management/storage/durable-device-database.ts';
import { DurableWriter } from '../../../../network/src/management/storage/durable-writer.ts';
import { Sealer } from '../../../../network/src/at-rest/sealer.ts';
import { SealedStore } from '../../../../network/src/management/storage/sealed-store.ts';
import { codeOf } from '../../code-of.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const MASTER = bytes(32);
const KV = bytes(32);

function device(id: string): DeviceEntry {
  const payload = encodeAssignment({
    version: 1,
    idD: id,
    serial: 3,
    op: 0,
    idM: 'gateway-1',
    prevKid: bytes(16),
    kid: bytes(16),
    suite: 0x0103,
    epoch: 4,
    class: 0,
    mauth: 1,
    mkey: ed25519PublicKey(bytes(32)),
    dkey: new Uint8Array(0),
    endpoints: ['ws://127.0.0.1:1/v1/device'],
  });
  return {
    id,
    model: 'prime',
    vendor: 'northlight',
    kind: 'end',
    serial: 3,
    envelope: bytes(200),
    formerKids: [bytes(16), bytes(16)],
    suspended: false,
    firmware: { gen: 1, sequence: 1, version: '1', size: 5, sha256: '00'.repeat(32) },
    n: 7,
    missed: 0,
    intervals: { ivn: 2, current: { fti: 20, rti: 4, uti: 60 }, pending: null },
    status: null,
    resyncs: null,
    attempt: 0,
    update: NO_UPDATE,
    offered: [{ release: 'r', at: 5 }],
    refused: [],
    secrets: manageEpoch(payload, pskOf(KV, payload)),
  };
}

async function open(records: ReadonlyMap<string, Uint8Array> = new Map(), master = MASTER) {
  const raw = new MemoryStore(records);
  const store = new SealedStore(raw, new Sealer(master, 'gateway-1'));
  const clock = new FakeClock();
  const writer = new DurableWriter({ store, clock, onState: () => undefined });
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  const database = await DurableDeviceDatabase.open({ store, writer, onFailure });
  return { raw, clock, writer, database, failures };
}

describe('device database on the disk', () => {
  it('gives back every field at the next start', async () => {
    const { raw, database } = await open();
    const entry = device('lamp-1');
    await database.put(entry);
    await database.put(device('lamp-2'));
    await database.remove('lamp-2');
    const again = (await open(raw.records)).database;
    expect(again.ids()).toEqual(['lamp-1']);
    expect(again.get('lamp-1')).toEqual(entry);
    const { kid, prevKid } = entry.secrets.assignment;
    expect(again.byKid(kid)?.kind).toBe('current');
    expect(again.byKid(prevKid)?.kind).toBe('replaced');
  });

  it('goes on counting the 30 minutes of an update', async () => {
    const { raw, database } = await open();
    const sha256 = bytes(32);
    await database.put({
      ...device('lamp-1'),
      update: { ...NO_UPDATE, release: 'r', progress: { stage: 'trying', at: 5_000, sha256 } },
    });
    const again = (await open(raw.records)).database;
    expect(again.get('lamp-1')?.update.progress).toEqual({ stage: 'trying', at: 5_000, sha256 });
  });

  it('has no key of a device in clear on the disk', async () => {
    const { raw, database } = await open();
    const { secrets } = device('lamp-1');
    await database.put({ ...device('lamp-1'), secrets });
    const stored = Buffer.concat([...raw.records.values()]);
    for (const secret of [secrets.kHello, secrets.generation.key, secrets.assignment.kid]) {
      expect(stored.includes(Buffer.from(secret))).toBe(false);
      expect(stored.includes(Buffer.from(Buffer.from(secret).toString('hex')))).toBe(false);
    }
  });

  it('opens nothing under another master key, nor a record put in the place of another', async () => {
    const { raw, database } = await open();
    await database.put(device('lamp-1'));
    expect(await codeOf(() => open(raw.records, bytes(32)))).toBe('STORAGE_DAMAGED');
    const moved = new Map([['device/lamp-2', raw.records.get('device/lamp-1')!]]);
    expect(await codeOf(() => open(moved))).toBe('STORAGE_DAMAGED');
  });

  it('answers a change only when it is on the disk, whatever write fails, and never goes back', async () => {
    for (let failing = 1; failing <= 6; failing += 1) {
      for (const fault of ['before', 'after'] as const) {
        const { raw, database, clock, writer, failures } = await open();
        raw.fault = (write) => (write === failing ? fault : undefined);
        const answered: number[] = [];
        await database.put(device('lamp-1')).catch(() => undefined);
        for (let n = 8; n < 13; n += 1) {
          const code = await codeOf(() => database.update('lamp-1', (each) => ({ ...each, n })));
          expect(['none', 'STORAGE_FULL']).toContain(code);
          if (code === 'none') answered.push(n);
          const stored = (await open(raw.records)).database.get('lamp-1')?.n ?? 0;
          expect(stored).toBeGreaterThanOrEqual(Math.max(0, ...answered));
        }
        // There is room again: what memory had all the while is caught up with.
        await clock.advance(60_000);
        await writer.write([]);
        expect((await open(raw.records)).database.get('lamp-1')?.n).toBe(12);
        expect(failures).toEqual([]);
        await writer.close();
      }
    }
  });
});
