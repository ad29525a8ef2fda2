import {
  DurableWriter,
  type StorageState,
} from '../../../../network/src/management/storage/durable-writer.ts';
import type { Change } from '../../../../network/src/management/storage/key-value-store.ts';
import { codeOf } from '../../code-of.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const change = (key: string): Change => ({ key, value: new Uint8Array([1]) });

function build() {
  const store = new MemoryStore();
  const clock = new FakeClock();
  const states: StorageState['state'][] = [];
  const writer = new DurableWriter({ store, clock, onState: ({ state }) => states.push(state) });
  return { store, clock, states, writer };
}

describe('durable writer', () => {
  it('takes changes that come together to the disk together', async () => {
    const { store, writer } = build();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => writer.write([change(key)])));
    expect([...store.records.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(store.writes).toBe(2);
    await writer.close();
  });

  it('refuses what waits and what comes while there is no room, and goes on when there is', async () => {
    const { store, clock, states, writer } = build();
    store.fault = () => 'before';
    const codes = ['a', 'b'].map((key) => codeOf(() => writer.write([change(key)])));
    expect(await Promise.all(codes)).toEqual(['STORAGE_FULL', 'STORAGE_FULL']);
    const tried = store.writes;
    expect(await codeOf(() => writer.write([change('c')]))).toBe('STORAGE_FULL');
    expect(store.writes).toBe(tried);
    expect(writer.state).toMatchObject({
      state: 'full',
      reason: expect.stringContaining('make room, it goes on by itself') as string,
    });
    let recovered = 0;
    writer.onRecovered(() => (recovered += 1));
    const ready = writer.ready(new AbortController().signal);
    await clock.advance(60_000);
    expect(recovered).toBe(0);
    store.fault = () => undefined;
    await clock.advance(30_000);
    await ready;
    expect(recovered).toBe(1);
    expect(states).toEqual(['full', 'ready']);
    await writer.write([change('d')]);
    expect([...store.records.keys()]).toEqual(['d']);
    await writer.close();
    expect(clock.timers).toBe(0);
  });

  it('tells a disk that fails from one that is full, and closes in the middle of it', async () => {
    const { store, clock, states, writer } = build();
    store.fault = () => 'before';
    store.error = () => Object.assign(new Error('Input/output error'), { code: 'EIO' });
    expect(await codeOf(() => writer.write([change('a')]))).toBe('STORAGE_FAILED');
    expect(states).toEqual(['failed']);
    const stop = new AbortController();
    const waiting = writer.ready(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await writer.close();
    expect(clock.timers).toBe(0);
    expect(await codeOf(() => writer.write([change('b')]))).toBe('CLOSED');
  });
});
