/** Slots, trial, counter and result through every step and power cut (docs/protocol.md §6.6). */
import {
  TRIAL_BOOTS,
  acknowledge,
  beginAttempt,
  beginTrial,
  boot,
  confirm,
  endAttempt,
  factoryRecord,
  fallBack,
  imageInUse,
  slotInUse,
  spareSlot,
} from '../../../sdk/src/firmware/boot-record.ts';
import type { BootRecord } from '../../../sdk/src/firmware/boot-record.ts';
import { MemoryFirmwareStore, MemoryKeyStore } from '@lamplighter/sdk';
import type { DeviceRecord } from '@lamplighter/sdk';
import { filled } from '../protocol/session-fixture.ts';

const OLD = { gen: 0, seq: 7, version: '1.0.7', size: 10, sha256: filled(1) };
const NEW = { gen: 0, seq: 8, version: '1.0.8', size: 20, sha256: filled(2) };

function onTrial(): BootRecord {
  return beginTrial(beginAttempt(factoryRecord(OLD), 1), NEW, 1);
}

function boots(record: BootRecord, times: number): BootRecord {
  return times === 0 ? record : boots(boot(record), times - 1);
}

describe('a boot record', () => {
  it('begins with one image', () => {
    const record = factoryRecord(OLD);
    expect([slotInUse(record), spareSlot(record), imageInUse(record)]).toEqual(['A', 'B', OLD]);
    expect(boot(record)).toBe(record);
  });

  it('runs the old image until the new one is started', () => {
    expect(imageInUse(onTrial())).toBe(OLD);
    expect(imageInUse(boot(onTrial()))).toBe(NEW);
  });

  it('moves the counter only when the image is confirmed', () => {
    const trial = boot(onTrial());
    expect(trial.counter).toEqual({ gen: 0, seq: 7 });
    const confirmed = confirm(trial);
    expect(confirmed).toMatchObject({
      active: 'B',
      trial: null,
      counter: { gen: 0, seq: 8 },
      result: { attempt: 1, seq: 8, code: 0 },
    });
    expect([imageInUse(confirmed), spareSlot(confirmed)]).toEqual([NEW, 'A']);
  });

  it('tries a new image three times, then takes the old one and refuses the new for ever', () => {
    expect(imageInUse(boots(onTrial(), TRIAL_BOOTS))).toBe(NEW);
    const back = boots(onTrial(), TRIAL_BOOTS + 1);
    expect(imageInUse(back)).toBe(OLD);
    expect(back).toMatchObject({
      trial: null,
      counter: { gen: 0, seq: 7 },
      result: { attempt: 1, seq: 8, code: 8 },
      refused: [{ code: 8 }],
      images: { B: null },
    });
    expect(back.refused[0]?.sha256).toBe(NEW.sha256);
  });

  it('empties the spare slot before an attempt writes to it', () => {
    const confirmed = confirm(boot(onTrial()));
    const begun = beginAttempt(confirmed, 2);
    expect([begun.images.A, begun.attempts]).toEqual([null, 2]);
    expect(imageInUse(begun)).toBe(NEW);
  });

  it('keeps a result until its own attempt is acknowledged', () => {
    const confirmed = confirm(boot(onTrial()));
    expect(acknowledge(confirmed, 2)).toBe(confirmed);
    expect(acknowledge(confirmed, 1).result).toBeNull();
    const ended = endAttempt(confirmed, { attempt: 2, seq: 9, sha256: filled(3), code: 5 });
    expect([ended.result?.attempt, ended.transfer]).toEqual([2, null]);
    expect(endAttempt(confirmed, null).result?.attempt).toBe(1);
  });

  it('remembers sixteen refused images', () => {
    let record = factoryRecord(OLD);
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      record = fallBack(boot(beginTrial(record, { ...NEW, sha256: filled(attempt) }, attempt)));
    }
    expect(record.refused.map(({ sha256 }) => sha256[0])).toEqual(
      Array.from({ length: 16 }, (_, at) => at + 5),
    );
  });

  it('changes nothing where there is no trial, and mends a trial of an empty slot', () => {
    const record = factoryRecord(OLD);
    expect(confirm(record)).toBe(record);
    expect(fallBack(record)).toEqual(record);
    const trial = { slot: 'B', attempt: 1, triesLeft: 0, running: false } as const;
    expect(boot({ ...record, trial }).trial).toBeNull();
    expect(() => imageInUse({ ...record, active: 'B' })).toThrow(RangeError);
  });
});

describe('a firmware store in memory', () => {
  const factory = { gen: 0, seq: 7, version: '1.0.7', bytes: Uint8Array.of(1, 2, 3) };

  it('keeps two slots and a record', async () => {
    const store = new MemoryFirmwareStore(factory, 10);
    expect(await store.read('A', 1, 3)).toEqual(Uint8Array.of(2, 3));
    await store.write('B', 2, Uint8Array.of(9));
    expect(await store.read('B', 0, 3)).toEqual(Uint8Array.of(0, 0, 9));
    await store.erase('B');
    expect(await store.read('B', 2, 3)).toEqual(Uint8Array.of(0xff));
    const record = beginAttempt(await store.load(), 1);
    await store.save(record);
    expect(await store.load()).toBe(record);
  });

  it('takes no byte beyond a slot', async () => {
    expect(() => new MemoryFirmwareStore(factory, 2)).toThrow(RangeError);
    const store = new MemoryFirmwareStore(factory, 10);
    await expect(store.write('B', 9, Uint8Array.of(1, 2))).rejects.toThrow(RangeError);
  });

  it('hands out copies', async () => {
    const store = new MemoryFirmwareStore(factory, 10);
    (await store.read('A', 0, 3)).fill(0);
    expect(await store.read('A', 0, 3)).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('a key store in memory', () => {
  it('forgets all, and overwrites the vendor key', async () => {
    const store = new MemoryKeyStore();
    const kv = filled(5);
    await store.save({ kv } as unknown as DeviceRecord);
    await store.erase();
    await expect(store.load()).rejects.toMatchObject({ code: 'DEVICE_RETIRED' });
    expect(kv).toEqual(filled(0));
  });
});
