/** A management node whose state is on the disk: restarts, disks that fail, a ledger that is away. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeviceKind, DeviceRecord } from '@lamplighter/chaincode';
import { decodeFrame } from '@lamplighter/sdk/wire';
import {
  ManagementNode,
  type ManagementEvent,
  type ManagementNodeOptions,
} from '../../../network/src/management/index.ts';
import type { DeviceEntry } from '../../../network/src/management/device-database.ts';
import type { OutboxEntry } from '../../../network/src/management/outbox.ts';
import { decodeRecord } from '../../../network/src/management/storage/json-bytes.ts';
import { Sealer } from '../../../network/src/at-rest/sealer.ts';
import { SealedStore } from '../../../network/src/management/storage/sealed-store.ts';
import { codeOf } from '../code-of.ts';
import { MemoryStore } from './support/memory-store.ts';
import { answer } from './support/monitoring-answer.ts';
import { MANAGER, TestCity } from './support/test-city.ts';
import { Line, type TestDevice } from './support/test-device.ts';

const MASTER = new Uint8Array(32).fill(7);
const PROVISIONED = { fti: 10, rti: 2, uti: 15 };
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

function onDisk(store: MemoryStore): NonNullable<ManagementNodeOptions['storage']> {
  return { kind: 'disk', masterKey: MASTER, open: () => Promise.resolve(store) };
}

/** What a process that starts now would find. */
async function found(store: MemoryStore, prefix: string): Promise<unknown[]> {
  const sealed = new SealedStore(new MemoryStore(store.records), new Sealer(MASTER, MANAGER));
  const values: unknown[] = [];
  for await (const [, value] of sealed.entries(prefix)) values.push(decodeRecord(value));
  return values;
}

const deviceOnDisk = async (store: MemoryStore): Promise<DeviceEntry> =>
  (await found(store, 'device/'))[0] as DeviceEntry;

/** A node that can be followed by another one on the same ledger, with the same vendor. */
class Run {
  readonly events: ManagementEvent[] = [];
  readonly city: TestCity;
  readonly node: ManagementNode;

  private constructor(city: TestCity, node: ManagementNode, events: ManagementEvent[]) {
    this.city = city;
    this.node = node;
    this.events = events;
  }

  static async start(city: TestCity, change: Partial<ManagementNodeOptions>): Promise<Run> {
    const events: ManagementEvent[] = [];
    const onEvent = (event: ManagementEvent): void => void events.push(event);
    const node = await ManagementNode.start({ ...city.options, ...change, onEvent });
    return new Run(city, node, events);
  }

  static of(city: TestCity): Run {
    return new Run(city, city.node, city.events);
  }

  get url(): string {
    return `ws://127.0.0.1:${String(this.node.port)}/v1/device`;
  }

  of(type: ManagementEvent['type']): readonly ManagementEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** Lets time pass until `work` is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    const progress = { done: false };
    const ended = work.finally(() => {
      progress.done = true;
    });
    ended.catch(() => undefined);
    while (!progress.done) {
      await this.city.clock.advance(100);
      await turn();
    }
    return ended;
  }
}

/** One session with one round, as far as the node lets it; what the node did must be on the disk by then. */
async function round(run: Run, device: TestDevice, store: MemoryStore): Promise<number | null> {
  try {
    const session = await device.open(run.url, { opensIn: 0 });
    const { answeredCtr, chain } = (await deviceOnDisk(store)).secrets;
    // §2.1: answered counter and R were stored before Accept left.
    expect(answeredCtr).toBeGreaterThanOrEqual(device.epoch.ctr);
    expect(chain?.highestSent ?? 0).toBeGreaterThanOrEqual(device.epoch.chain?.index ?? 0);
    const asked = device.epoch.assignment.class === 0 ? 'mon-req-e' : 'mon-req-l';
    const request = await run.until(session.expect(asked));
    // §6.2: n was stored before it was used.
    expect((await deviceOnDisk(store)).n).toBeGreaterThanOrEqual(request.n);
    session.send(answer(device, request, PROVISIONED));
    await run.until(session.expect('mon-set'));
    // §6.2 step 9: the report was stored before the round ended.
    const waiting = (await found(store, 'report/')) as OutboxEntry[];
    const numbers = waiting.map((entry) => entry.kind === 'status' && entry.report.n);
    const recorded = run.city.ledger.statuses.map(({ n }) => n);
    expect([...numbers, ...recorded]).toContain(request.n);
    session.line.close();
    return request.n;
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('closed with')) throw error;
    return null;
  }
}

describe('a management node on the disk', () => {
  let store: MemoryStore;
  let city: TestCity;
  beforeEach(async () => {
    store = new MemoryStore();
    city = await TestCity.start({ storage: onDisk(store) });
  });
  afterEach(async () => {
    await city.close();
  });
  const handOvers = (): number =>
    city.vendor.requests.filter((each) => each.includes('/assignments/')).length;

  it('goes on after a restart without a new hand-over, and counts n and ctr on', async () => {
    const device = await city.device();
    expect(await round(Run.of(city), device, store)).toBe(1);
    const hello = device.hello().frame;
    const captured = await Line.dial(city.url);
    captured.send(hello);
    await captured.next();
    captured.close();
    await city.node.close();
    const before = handOvers();
    const next = new MemoryStore(store.records);
    const second = await Run.start(city, { storage: onDisk(next) });
    expect(second.node.devices).toEqual([device.id]);
    expect(handOvers()).toBe(before);
    // A Hello that was answered before the restart stays answered.
    const replay = await Line.dial(second.url);
    replay.send(hello);
    expect(decodeFrame(await replay.next()).type).toBe('resync');
    expect(await replay.closed).toBe(4409);
    expect(await round(second, device, next)).toBe(2);
    await second.until(second.node.reported());
    expect(city.ledger.statuses.map(({ n }) => n)).toEqual([1, 2]);
    await second.node.close();
  });

  it('brings reports to the ledger that the node before it left behind', async () => {
    const device = await city.device('lightweight');
    const first = Run.of(city);
    expect(await round(first, device, store)).toBe(1);
    await first.until(first.node.reported());
    city.ledger.away = true;
    expect(await round(first, device, store)).toBe(2);
    await city.node.close();
    expect(city.ledger.statuses.map(({ n }) => n)).toEqual([1]);
    city.ledger.away = false;
    const second = await Run.start(city, { storage: onDisk(new MemoryStore(store.records)) });
    expect(second.node.pendingReports).toBe(1);
    await second.until(second.node.reported());
    expect(city.ledger.statuses.map(({ n }) => n)).toEqual([1, 2]);
    await second.node.close();
  });

  it('learns what happened on the ledger while it was down', async () => {
    const [gone, suspended, renewed, kept] = [
      await city.device(),
      await city.device(),
      await city.device(),
      await city.device(),
    ];
    await city.node.close();
    const change = (id: string, fields: Partial<DeviceRecord>): void => {
      city.ledger.devices.set(id, { ...city.ledger.devices.get(id)!, ...fields });
    };
    const assignment = city.ledger.devices.get(gone.id)!.assignment!;
    change(gone.id, { assignment: { ...assignment, manager: 'other' } });
    change(suspended.id, { state: 'suspended' });
    change(renewed.id, {
      assignment: { ...city.ledger.devices.get(renewed.id)!.assignment!, serial: 1 },
    });
    const before = handOvers();
    const starting = Run.start(city, { storage: onDisk(new MemoryStore(store.records)) });
    const second = await Run.of(city).until(starting);
    expect(second.node.devices).toEqual([suspended.id, renewed.id, kept.id]);
    expect(second.of('device-removed')).toMatchObject([{ device: gone.id }]);
    // The new serial's hand-over is asked for; what the vendor does not have yet is asked for again later.
    expect(handOvers()).toBeGreaterThan(before);
    await expect(suspended.open(second.url)).rejects.toThrow('closed with 4423');
    await second.node.close();
  });

  it('hears every event from its checkpoint on, those too that came while it was down', async () => {
    await city.device();
    const device = await city.device();
    while ((await found(store, 'checkpoint')).length === 0) await turn();
    await city.node.close();
    const { model } = city.ledger.devices.get(device.id)!;
    const release = city.vendor.release(new Uint8Array(2_000), { model, seq: 2 });
    city.ledger.releases.set(release.id, { ...release, state: 'withdrawn' });
    city.ledger.emit('ReleaseWithdrawn', { release: release.id, model });
    const asked: number[] = [];
    const ledger = city.ledger;
    const events = ledger.events.bind(ledger);
    ledger.events = (options) => {
      asked.push(options.startBlock ?? -1);
      return events(options);
    };
    const next = new MemoryStore(store.records);
    const second = await Run.start(city, { storage: onDisk(next) });
    expect(asked).toEqual([1]);
    const moved = async (): Promise<boolean> =>
      ((await found(next, 'checkpoint'))[0] as { block: number }).block === 2;
    while (!(await moved())) await turn();
    await second.node.close();
  });

  it('starts without the ledger when it has devices, and reads it when it is back', async () => {
    const device = await city.device();
    const first = Run.of(city);
    expect(await round(first, device, store)).toBe(1);
    await first.until(first.node.reported());
    await city.node.close();
    city.ledger.away = true;
    const next = new MemoryStore(store.records);
    const second = await Run.start(city, { storage: onDisk(next) });
    expect(second.of('alarm')).toMatchObject([{ code: 'UNAVAILABLE' }]);
    expect(await round(second, device, next)).toBe(2);
    city.ledger.away = false;
    await second.until(second.node.reported());
    expect(city.ledger.statuses.map(({ n }) => n)).toEqual([1, 2]);
    await second.node.close();
    // Without any device there is nothing to serve.
    city.ledger.away = true;
    const fresh = onDisk(new MemoryStore());
    expect(await codeOf(() => Run.start(city, { storage: fresh }))).toBe('UNAVAILABLE');
  });

  it('goes on with monitoring while the ledger is away for a minute, and loses nothing', async () => {
    const device = await city.device();
    const run = Run.of(city);
    const rounds = [await round(run, device, store)];
    await run.until(run.node.reported());
    city.ledger.away = true;
    const begun = city.clock.monotonic();
    while (city.clock.monotonic() - begun < 60_000) {
      rounds.push(await round(run, device, store));
      await city.clock.advance(5_000);
    }
    expect(rounds.length).toBeGreaterThan(8);
    expect(rounds).toEqual(rounds.map((_, index) => index + 1));
    expect(city.ledger.statuses).toHaveLength(1);
    city.ledger.away = false;
    await run.until(run.node.reported());
    expect(city.ledger.statuses.map(({ n }) => n)).toEqual(rounds);
  });

  it('stands still while there is no room, says so, and goes on when there is', async () => {
    const device = await city.device();
    const run = Run.of(city);
    expect(await round(run, device, store)).toBe(1);
    store.fault = () => 'before';
    expect(await round(run, device, store)).toBeNull();
    expect(run.node.storage).toMatchObject({ state: 'full' });
    expect(run.of('storage')).toMatchObject([{ state: 'full' }]);
    const { missed } = await deviceOnDisk(store);
    await city.clock.advance(300_000);
    expect(run.of('device-overdue')).toEqual([]);
    expect(city.ledger.statuses.map(({ status }) => status)).not.toContain('unreachable');
    store.fault = () => undefined;
    await city.clock.advance(60_000);
    expect(run.node.storage).toEqual({ state: 'ready' });
    expect(run.of('storage').at(-1)).toMatchObject({ state: 'ready' });
    expect((await deviceOnDisk(store)).missed).toBeGreaterThanOrEqual(missed);
    const numbers = await round(run, device, store);
    expect(numbers).toBeGreaterThan(1);
  });

  it('tells of an overdue device at each missed window, over a restart too', async () => {
    const device = await city.device();
    await turn();
    await city.clock.advance(30_000);
    expect(Run.of(city).of('device-overdue')).toMatchObject([
      { device: device.id, missed: 1 },
      { device: device.id, missed: 2 },
    ]);
    await city.node.close();
    const second = await Run.start(city, { storage: onDisk(new MemoryStore(store.records)) });
    await city.clock.advance(15_000);
    expect(second.of('device-overdue')).toMatchObject([{ device: device.id, missed: 3 }]);
    await second.until(second.node.reported());
    expect(city.ledger.statuses).toMatchObject([{ device: device.id, status: 'unreachable' }]);
    await second.node.close();
  });

  it('refuses another master key, another node, another version, and a second node', async () => {
    await city.device();
    await city.node.close();
    const opened = (): MemoryStore => new MemoryStore(store.records);
    const codeUnder = (change: Partial<ManagementNodeOptions>): Promise<string> =>
      codeOf(() => Run.start(city, { storage: onDisk(opened()), ...change }));
    const open = (): Promise<MemoryStore> => Promise.resolve(opened());
    const masterKey = new Uint8Array(32).fill(8);
    expect(await codeUnder({ storage: { kind: 'disk', masterKey, open } })).toBe(
      'MASTER_KEY_WRONG',
    );
    expect(await codeUnder({ id: 'gateway-2' })).toBe('DIRECTORY_FOREIGN');
    store.records.set('meta/format', Buffer.from(`lamplighter.management.v9 ${MANAGER}`));
    expect(await codeUnder({})).toBe('STORAGE_VERSION');
    const directory = await mkdtemp(path.join(tmpdir(), 'lamplighter-two-'));
    const disk = { directory, storage: { kind: 'disk', masterKey } } as const;
    const one = await Run.start(city, disk);
    expect(await codeOf(() => Run.start(city, disk))).toBe('DIRECTORY_IN_USE');
    await one.node.close();
    await (await Run.start(city, disk)).node.close();
    await rm(directory, { recursive: true });
  });
});

describe.each([
  ['end', 'before'],
  ['lightweight', 'after'],
] as const)('a device of class %s, and a disk that fails %s a write', (kind: DeviceKind, fault) => {
  /** Two rounds, with what comes between them; returns what was acknowledged. */
  async function life(run: Run, device: TestDevice, store: MemoryStore): Promise<Set<number>> {
    const acknowledged = new Set<number>();
    for (let tries = 0; acknowledged.size < 2 && tries < 12; tries += 1) {
      const n = await round(run, device, store);
      if (n !== null) acknowledged.add(n);
      else await run.city.clock.advance(2_000);
    }
    return acknowledged;
  }

  async function writesOfALife(): Promise<number> {
    const store = new MemoryStore();
    const city = await TestCity.start({ storage: onDisk(store) });
    const device = await city.device(kind);
    const before = store.writes;
    await life(Run.of(city), device, store);
    await city.close();
    return store.writes - before;
  }

  it('has each acknowledged round on the ledger once, whichever write fails', async () => {
    const writes = await writesOfALife();
    expect(writes).toBeGreaterThan(8);
    for (let k = 1; k <= writes; k += 1) {
      const store = new MemoryStore();
      const city = await TestCity.start({ storage: onDisk(store) });
      const device = await city.device(kind);
      const failing = store.writes + k;
      store.fault = (write) => (write === failing ? fault : undefined);
      const run = Run.of(city);
      const acknowledged = await life(run, device, store);
      expect(acknowledged.size).toBe(2);
      await run.until(run.node.reported());
      const recorded = city.ledger.statuses.map(({ n }) => n);
      expect(new Set(recorded).size).toBe(recorded.length);
      expect(recorded).toEqual(expect.arrayContaining([...acknowledged]));
      await city.close();
    }
  }, 90_000);

  it('is taken up by the next node, whichever write the node died at', async () => {
    const writes = await writesOfALife();
    for (let k = 1; k <= writes; k += 1) {
      const store = new MemoryStore();
      const city = await TestCity.start({ storage: onDisk(store) });
      const device = await city.device(kind);
      const dying = store.writes + k;
      const first = Run.of(city);
      const acknowledged = new Set<number>();
      let die: (value: null) => void = () => undefined;
      const died = new Promise<null>((resolve) => (die = resolve));
      store.fault = (write) => {
        if (write < dying) return undefined;
        die(null);
        // Dead: neither the disk nor the ledger hears of it from here on.
        city.ledger.away = true;
        return write === dying ? fault : 'before';
      };
      let last: Promise<number | null> = Promise.resolve(null);
      for (let tries = 0; tries < 2 && store.writes < dying; tries += 1) {
        last = round(first, device, store);
        const n = await Promise.race([last, died]);
        if (n !== null) acknowledged.add(n);
      }
      await city.node.close();
      await last;
      city.ledger.away = false;
      const next = new MemoryStore(store.records);
      const second = await Run.start(city, { storage: onDisk(next) });
      const later = await life(second, device, next);
      expect(later.size).toBe(2);
      await second.until(second.node.reported());
      const recorded = city.ledger.statuses.map(({ n }) => n);
      expect(new Set(recorded).size).toBe(recorded.length);
      expect(recorded).toEqual(expect.arrayContaining([...acknowledged, ...later]));
      await second.node.close();
      await city.close();
    }
  }, 90_000);
});
