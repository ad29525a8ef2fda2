/** A device whose stores have no room for a while goes on when there is room again (docs/protocol.md §2.1, §6.6). */
import { MemoryFirmwareStore } from '@lamplighter/sdk';
import { StoreError } from '../../../sdk/src/firmware/errors.ts';
import { DeviceFixture, FACTORY, INTERVALS, SLOT_BYTES, imageOf } from './device-fixture.ts';

const NO_SPACE = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

let fixture: DeviceFixture;

beforeEach(() => {
  fixture = new DeviceFixture('end');
});

afterEach(async () => {
  await fixture.close();
});

/** Makes a method of a store fail until told otherwise. */
function failing(store: object, method: string): { isFull: boolean } {
  const state = { isFull: false };
  const methods = store as Record<string, (...values: unknown[]) => Promise<unknown>>;
  const real = methods[method]!.bind(store);
  methods[method] = (...values) => (state.isFull ? Promise.reject(NO_SPACE) : real(...values));
  return state;
}

describe('a device without room', () => {
  it('sends no Hello whose counter is not stored, and skips that counter', async () => {
    const { keys, manager, clock } = fixture;
    const store = failing(keys, 'save');
    await fixture.start();
    store.isFull = true;
    await manager.drop(1001);
    await clock.advance(60);
    expect(manager.lines.slice(1).every((line) => line.pending === null)).toBe(true);
    expect(manager.epoch.answeredCtr).toBe(1);
    expect(fixture.told('error').map(({ error }) => error)).toContain(NO_SPACE);
    store.isFull = false;
    await clock.advance(400);
    expect(manager.epoch.answeredCtr).toBe((await keys.load())?.epoch.ctr);
    expect(manager.epoch.answeredCtr).toBeGreaterThan(2);
  });

  it('answers no round whose window is not stored, and answers the next', async () => {
    const { keys, manager, clock } = fixture;
    const store = failing(keys, 'save');
    await fixture.start();
    store.isFull = true;
    await manager.ask(INTERVALS);
    expect([manager.all('mon-ans'), manager.line.closedByDevice]).toEqual([[], [4500]]);
    store.isFull = false;
    await clock.advance(105);
    await manager.ask(INTERVALS);
    expect(manager.all('mon-ans')).toHaveLength(1);
  });

  it('goes on with a delivery from the place that it kept', async () => {
    const { firmware, manager, clock } = fixture;
    const store = failing(firmware, 'write');
    await fixture.start();
    store.isFull = true;
    await fixture.offer(fixture.release(imageOf(90_000, 2)));
    expect(manager.line.closedByDevice).toEqual([4500]);
    expect((await firmware.load()).transfer).toMatchObject({ attempt: 1, next: 0 });
    store.isFull = false;
    await clock.advance(20);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
    expect(manager.last('result')).toMatchObject({ attempt: 1, code: 0 });
  });

  it('restarts into its trial as soon as the start can be stored', async () => {
    const { firmware, clock } = fixture;
    const store = failing(firmware, 'save');
    await fixture.start();
    fixture.device?.on('restarting', () => {
      store.isFull = true;
    });
    await fixture.offer(fixture.release(imageOf(9_000, 2)));
    await clock.advance(60);
    expect([fixture.told('updated'), fixture.told('closed')]).toEqual([[], []]);
    expect(fixture.told('error').at(-1)?.error).toBe(NO_SPACE);
    store.isFull = false;
    await clock.advance(400);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
  });

  it('confirms an image in the next session when it could not in the first', async () => {
    const { firmware, manager, clock } = fixture;
    const save = firmware.save.bind(firmware);
    let failures = 1;
    firmware.save = (record) => {
      const isConfirmation = record.active === 'B' && record.result !== null;
      if (!isConfirmation || failures === 0) return save(record);
      failures -= 1;
      return Promise.reject(NO_SPACE);
    };
    await fixture.start();
    await fixture.offer(fixture.release(imageOf(9_000, 2)));
    expect(manager.all('result')).toEqual([]);
    expect((await firmware.load()).active).toBe('A');
    await clock.advance(30);
    expect((await firmware.load()).active).toBe('B');
    expect(manager.last('result')).toMatchObject({ attempt: 1, seq: 8, code: 0 });
    expect(fixture.told('updated')).toHaveLength(1);
  });

  it('ends when its record is damaged: there is nothing to go on from', async () => {
    const { firmware, clock } = fixture;
    await fixture.start();
    fixture.device?.on('restarting', () => {
      firmware.load = () => Promise.reject(new StoreError('RECORD_DAMAGED', 'not the record'));
    });
    await fixture.offer(fixture.release(imageOf(9_000, 2)));
    await clock.advance(10);
    expect(fixture.told('error').at(-1)?.error).toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(fixture.told('closed')).toHaveLength(1);
  });

  it('takes no factory image that is larger than its slots', () => {
    expect(() => new MemoryFirmwareStore(FACTORY, SLOT_BYTES)).not.toThrow();
    expect(() => new MemoryFirmwareStore(FACTORY, FACTORY.bytes.length - 1)).toThrow(RangeError);
  });
});
