/** Keys, boot record and slots in files: the same contract for a simulated disk and the platform's. */
import { mkdtemp, rm, stat, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FileFirmwareStore,
  FileKeyStore,
  nodeDisk,
  openDeviceDirectory,
} from '@lamplighter/sdk/node';
import type { Disk } from '@lamplighter/sdk/node';
import type { DeviceRecord } from '@lamplighter/sdk';
import { beginAttempt, beginTrial, boot, confirm } from '../../../sdk/src/firmware/boot-record.ts';
import type { BootRecord } from '../../../sdk/src/firmware/boot-record.ts';
import { deviceRecordCodec } from '../../../sdk/src/firmware/device-record-codec.ts';
import { RecordFile } from '../../../sdk/src/firmware/record-file.ts';
import { decodeCbor, encodeCbor } from '../../../sdk/src/wire/cbor.ts';
import { newWindow } from '../../../sdk/src/protocol/window.ts';
import { enrolPair, filled, lightweight } from '../protocol/session-fixture.ts';
import { PowerCut, POWER_CUT_MODES, SimulatedDisk } from './simulated-disk.ts';

const FACTORY = { gen: 0, seq: 7, version: '1.0.7', bytes: Uint8Array.of(1, 2, 3) };
const NEW = { gen: 0, seq: 8, version: '1.0.8', size: 2, sha256: filled(2) };
const parts = { slotBytes: 100_000, factory: () => FACTORY };

function deviceRecord(changes: Partial<DeviceRecord> = {}): DeviceRecord {
  const { device } = enrolPair();
  return {
    epoch: device,
    former: null,
    kv: filled(9),
    kvN: 1,
    window: newWindow({ fti: 100, rti: 20, uti: 500 }),
    badauth: 1,
    resync: 2,
    skipped: 3,
    silentUntil: 4,
    roots: filled(5, 40),
    ledger: { validators: filled(6, 100), time: 7, unproven: 2 },
    ...changes,
  };
}

function fullBootRecord(record: BootRecord): BootRecord {
  const confirmed = confirm(boot(beginTrial(beginAttempt(record, 1), NEW, 1)));
  return {
    ...confirmed,
    trial: { slot: 'A', attempt: 2, triesLeft: 3, running: false },
    transfer: { signed: filled(4, 700), attempt: 2, next: 5, idleSessions: 1 },
    refused: [{ sha256: filled(5), code: 8 }],
  };
}

/** True when work ended in a power cut, false when it ended well. */
async function isCut(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof PowerCut) return true;
    throw error;
  }
}

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamplighter-stores-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe.each([
  ['of the platform', (): Disk => nodeDisk],
  ['in memory', (): Disk => new SimulatedDisk()],
])('on a disk %s, stores', (_, newDisk) => {
  it('keep keys, counters and window', async () => {
    const disk = newDisk();
    const keys = new FileKeyStore(directory, disk);
    expect(await keys.load()).toBeNull();
    const chained = enrolPair(lightweight(256)).device;
    const window = {
      ...newWindow({ fti: 100, rti: 20, uti: 500 }),
      previous: { fti: 1, rti: 2, uti: 3 },
    };
    for (const record of [
      deviceRecord(),
      deviceRecord({ former: chained, window }),
      deviceRecord({ epoch: chained, kvN: 2 }),
    ]) {
      await keys.save(record);
      expect(await new FileKeyStore(directory, disk).load()).toEqual(record);
    }
  });

  it('read keys of version 1, which knew neither roots nor ledger', async () => {
    const disk = newDisk();
    const record = deviceRecord({ roots: null, ledger: null });
    const fields = decodeCbor(deviceRecordCodec.encode(record));
    if (!Array.isArray(fields)) throw new Error('expected an array');
    const first = new RecordFile({ disk, directory, name: 'keys', kind: 'keys' });
    await first.save(encodeCbor(fields.slice(0, -2)));
    const keys = new FileKeyStore(directory, disk);
    expect(await keys.load()).toEqual(record);
    await keys.save(deviceRecord());
    await expect(first.load()).rejects.toMatchObject({ code: 'RECORD_VERSION' });
    expect(await new FileKeyStore(directory, disk).load()).toEqual(deviceRecord());
  });

  it.each([
    ['a later version', 3, Uint8Array.of(0x80), 'RECORD_VERSION'],
    ['version 1 that is no record', 1, Uint8Array.of(0xff), 'RECORD_DAMAGED'],
    ['version 1 of another shape', 1, Uint8Array.of(0x80), 'RECORD_DAMAGED'],
    ['version 1 that is no array', 1, Uint8Array.of(1), 'RECORD_DAMAGED'],
  ])('refuse keys of %s', async (_name, version, bytes, code) => {
    const disk = newDisk();
    const other = new RecordFile({ disk, directory, name: 'keys', kind: 'keys', version });
    await other.save(bytes);
    await expect(new FileKeyStore(directory, disk).load()).rejects.toMatchObject({ code });
  });

  it('say so for ever after the keys were erased', async () => {
    const disk = newDisk();
    const keys = new FileKeyStore(directory, disk);
    await keys.save(deviceRecord());
    await keys.erase();
    await expect(keys.load()).rejects.toMatchObject({ code: 'DEVICE_RETIRED' });
    const later = new FileKeyStore(directory, disk);
    await expect(later.load()).rejects.toMatchObject({ code: 'DEVICE_RETIRED' });
    expect(await disk.read(join(directory, 'keys'))).toBeNull();
  });

  it('keep the boot record, and ask for the factory image once', async () => {
    const disk = newDisk();
    const factory = jest.fn(parts.factory);
    const store = await FileFirmwareStore.open(directory, { ...parts, factory }, disk);
    const first = await store.load();
    expect(first.images.A).toMatchObject({ seq: 7, size: 3 });
    const record = fullBootRecord(first);
    await store.save(record);
    const again = await FileFirmwareStore.open(directory, { ...parts, factory }, disk);
    expect([await again.load(), factory.mock.calls.length]).toEqual([record, 1]);
  });

  it('read and write slots as flash does', async () => {
    const store = await FileFirmwareStore.open(directory, parts, newDisk());
    expect(await store.read('A', 1, 5)).toEqual(Uint8Array.of(2, 3, 0xff, 0xff));
    await store.write('B', 0, filled(7, 70_000));
    await store.write('B', 69_998, Uint8Array.of(8, 9, 10));
    expect(await store.read('B', 69_997, 70_002)).toEqual(Uint8Array.of(7, 8, 9, 10, 0xff));
    await store.erase('B');
    expect(await store.read('B', 0, 2)).toEqual(Uint8Array.of(0xff, 0xff));
  });

  it('take no byte beyond a slot', async () => {
    const store = await FileFirmwareStore.open(directory, parts, newDisk());
    await expect(store.write('B', 99_999, Uint8Array.of(1, 2))).rejects.toThrow(RangeError);
    await expect(store.read('A', 0, 100_001)).rejects.toThrow(RangeError);
    const small = { ...parts, slotBytes: 2 };
    const elsewhere = join(directory, 'small');
    await nodeDisk.makeDirectory(elsewhere);
    await expect(FileFirmwareStore.open(elsewhere, small, newDisk())).rejects.toThrow(RangeError);
  });

  it('refuse a damaged record', async () => {
    const disk = newDisk();
    await new FileKeyStore(directory, disk).save(deviceRecord());
    await FileFirmwareStore.open(directory, parts, disk);
    for (const name of ['keys', 'boot']) {
      await disk.writeAt(join(directory, name), 30, Uint8Array.of(0xaa, 0xbb, 0xcc));
    }
    const damaged = { code: 'RECORD_DAMAGED' };
    await expect(new FileKeyStore(directory, disk).load()).rejects.toMatchObject(damaged);
    await expect(FileFirmwareStore.open(directory, parts, disk)).rejects.toMatchObject(damaged);
  });
});

describe('a power cut', () => {
  it.each(POWER_CUT_MODES)('in the first start leaves nothing or all (%s)', async (mode) => {
    for (let cut = 1; ; cut += 1) {
      const disk = new SimulatedDisk();
      disk.cutAt(cut, mode);
      expect(await isCut(FileFirmwareStore.open('/d', parts, disk))).toBe(disk.isDead);
      const over = !disk.isDead;
      disk.restart();
      const store = await FileFirmwareStore.open('/d', parts, disk);
      expect([cut, await store.read('A', 0, 3)]).toEqual([cut, FACTORY.bytes]);
      expect((await store.load()).active).toBe('A');
      if (over) break;
    }
  });

  it.each(POWER_CUT_MODES)(
    'leaves no record that speaks of bytes which the slot lacks (%s)',
    async (mode) => {
      for (let cut = 1; ; cut += 1) {
        const disk = new SimulatedDisk();
        const store = await FileFirmwareStore.open('/d', parts, disk);
        const begun = beginAttempt(await store.load(), 1);
        const transfer = { signed: filled(4, 70), attempt: 1, next: 1, idleSessions: 0 };
        disk.cutAt(cut, mode);
        const work = async (): Promise<void> => {
          await store.save(begun);
          await store.erase('B');
          await store.save({ ...begun, transfer: { ...transfer, next: 0 } });
          await store.write('B', 0, filled(6, 50));
          await store.save({ ...begun, transfer });
        };
        expect(await isCut(work())).toBe(disk.isDead);
        const over = !disk.isDead;
        disk.restart();
        const later = await FileFirmwareStore.open('/d', parts, disk);
        const found = await later.load();
        const bytes = await later.read('B', 0, 50);
        const isKept = bytes.every((byte) => byte === 6);
        expect([cut, isKept || found.transfer?.next !== 1]).toEqual([cut, true]);
        expect(await later.read('A', 0, 3)).toEqual(FACTORY.bytes);
        if (over) break;
      }
    },
  );

  it.each(POWER_CUT_MODES)(
    'while keys are erased leaves them whole or retired (%s)',
    async (mode) => {
      for (let cut = 1; ; cut += 1) {
        const disk = new SimulatedDisk();
        const record = deviceRecord();
        await new FileKeyStore('/d', disk).save(record);
        disk.cutAt(cut, mode);
        await new FileKeyStore('/d', disk).erase().catch(() => undefined);
        const over = !disk.isDead;
        disk.restart();
        const found = await new FileKeyStore('/d', disk)
          .load()
          .catch((error: unknown) => (error as { code: string }).code);
        expect(over ? ['DEVICE_RETIRED'] : [record, 'DEVICE_RETIRED']).toContainEqual(found);
        if (over) break;
      }
    },
  );
});

describe("a device's directory", () => {
  it('is its owner’s only, and has what it says', async () => {
    const place = join(directory, 'lamp-1');
    await using stores = await openDeviceDirectory(place, parts);
    await stores.keys.save(deviceRecord());
    expect((await stat(place)).mode & 0o777).toBe(0o700);
    expect((await readdir(place)).sort()).toEqual(['boot', 'keys', 'lock', 'slot-a', 'slot-b']);
    for (const name of ['keys', 'slot-a']) {
      expect((await stat(join(place, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('is held by one device at a time', async () => {
    const stores = await openDeviceDirectory(directory, parts);
    await expect(openDeviceDirectory(directory, parts)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
      message: `${directory} is in use by process ${process.pid}`,
    });
    await stores.close();
    await stores.close();
    const again = await openDeviceDirectory(directory, parts);
    await again.close();
    expect(await readdir(directory)).not.toContain('lock');
  });

  it('is refused while another process lives, and taken over from a dead one', async () => {
    await nodeDisk.write(join(directory, 'lock'), Buffer.from(`${process.ppid}\n`));
    await expect(openDeviceDirectory(directory, parts)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
    });
    await nodeDisk.write(join(directory, 'lock'), Buffer.from('999999999\n'));
    await using stores = await openDeviceDirectory(directory, parts);
    expect(await stores.keys.load()).toBeNull();
  });

  it('is taken over when the id of its dead owner has gone to another process', async () => {
    const lock = join(directory, 'lock');
    await nodeDisk.write(lock, Buffer.from(`${process.ppid}\nanother boot 12345\n`));
    await using stores = await openDeviceDirectory(directory, parts);
    expect(await stores.keys.load()).toBeNull();
    const [, startedAt = ''] = Buffer.from((await nodeDisk.read(lock)) ?? [])
      .toString()
      .split('\n');
    const isLinux = process.platform === 'linux';
    expect(/^[0-9a-f-]{36} \d+$/.test(startedAt)).toBe(isLinux);
  });

  it('is given back when it can not be opened', async () => {
    const failing = { ...parts, factory: () => Promise.reject(new Error('no image')) };
    await expect(openDeviceDirectory(directory, failing)).rejects.toThrow('no image');
    await using stores = await openDeviceDirectory(directory, parts);
    expect((await stores.firmware.load()).active).toBe('A');
  });
});
