/** A flood: hostile connections beside good devices. What counts is that every round of every good device completes. */
import { setTimeout as pause } from 'node:timers/promises';
import { acceptSession } from '@lamplighter/sdk/protocol';
import { systemClock, type ManagementEvent } from '../../network/src/management/index.ts';
import { TestCity } from '../network/management/support/test-city.ts';
import { Line } from '../network/management/support/test-device.ts';
import { startGoodDevice, type GoodDevice } from './good-devices.ts';
import type { CrowdOrder, CrowdResult } from './hostile-crowd.ts';
import type { Loot } from './hostile-kinds.ts';
import { useStolenDevices, type StolenResult } from './stolen-devices.ts';

/** A crowd in this process or another. */
export interface Crowd {
  /** True once every kind of attack was made a few times. */
  seasoned?(): boolean;
  stop(): Promise<CrowdResult>;
}

export interface FloodOptions {
  readonly hostile: number;
  readonly devices: number;
  /** How long the crowd is at work, once it is there and the devices were started. */
  readonly seconds: number;
  /** Deadline to a session. */
  readonly deadlineMs: number;
  readonly crowd: (order: CrowdOrder) => Crowd;
}

export interface FloodResult {
  /** Rounds judged normal while the crowd was at work. */
  readonly completed: number;
  /** Rounds that ended in any other way, and windows that passed without one. */
  readonly missed: number;
  /** Completed rounds of the device that has the fewest. */
  readonly fewest: number;
  /** Sessions of good devices that ended. */
  readonly lostSessions: number;
  /** What there is to say about missed rounds and lost sessions. */
  readonly troubles: readonly string[];
  readonly hostile: CrowdResult;
  readonly stolen: StolenResult;
  /** Bytes of the node's process. */
  readonly memory: { readonly start: number; readonly peak: number; readonly end: number };
  /** Events that the operator was told. */
  readonly events: number;
}

const TROUBLES = new Set(['round-completed', 'device-overdue', 'device-disconnected', 'alarm']);

/** Seconds beyond its own time after which a crowd ends by itself. */
const CROWD_GRACE = 120;

/** See the module comment. */
export async function runFlood(options: FloodOptions): Promise<FloodResult> {
  const city = await TestCity.start({
    clock: systemClock,
    intervals: { base: { fti: 10, rti: 2, uti: 3_600 }, draw: (base) => base },
    socketLimits: { handshakeDeadlineMs: options.deadlineMs, lingerMs: options.deadlineMs / 10 },
  });
  const devices: GoodDevice[] = [];
  try {
    const loot = await gatherLoot(city);
    for (let index = 0; index < options.devices; index += 1) {
      // Half are there before the crowd, half must find their way in through it.
      if (index >= options.devices / 2) break;
      devices.push(await startGoodDevice(city, index));
    }
    return await attack(city, options, devices, loot);
  } finally {
    await Promise.all(devices.map((device) => device.close()));
    await city.close();
  }
}

async function attack(
  city: TestCity,
  options: FloodOptions,
  devices: GoodDevice[],
  loot: Loot,
): Promise<FloodResult> {
  const gauge = new MemoryGauge();
  const first = city.events.length;
  const crowd = options.crowd({
    port: city.node.port,
    size: options.hostile,
    mostSeconds: options.seconds + CROWD_GRACE,
    patienceMs: options.deadlineMs + 20_000,
    loot,
  });
  const stolenEnd = new AbortController();
  const stolen = useStolenDevices(city, stolenEnd.signal);
  while (devices.length < options.devices) {
    devices.push(await startGoodDevice(city, devices.length));
  }
  const names = new Set(devices.map(({ id }) => id));
  await pause(options.seconds * 1_000);
  await until(() => countRounds(city.events.slice(first), names).fewest > 0);
  await until(() => crowd.seasoned?.() ?? true);
  const events = city.events.slice(first);
  stolenEnd.abort();
  const [hostile, abused] = await Promise.all([crowd.stop(), stolen]);
  return {
    ...countRounds(events, names),
    hostile,
    stolen: abused,
    memory: await gauge.stop(),
    events: events.length,
  };
}

/** Waits on a slow machine; what never comes shows in the result. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !condition(); tries += 1) await pause(100);
}

type Rounds = Pick<FloodResult, 'completed' | 'missed' | 'fewest' | 'lostSessions' | 'troubles'>;

function countRounds(events: readonly ManagementEvent[], names: ReadonlySet<string>): Rounds {
  const rounds = new Map([...names].map((name) => [name, 0]));
  const troubles: DeviceEvent[] = [];
  for (const event of events.filter((each) => isOf(each, names))) {
    if (event.type === 'round-completed' && event.status === 'normal') {
      rounds.set(event.device, rounds.get(event.device)! + 1);
    } else if (TROUBLES.has(event.type)) troubles.push(event);
  }
  const lostSessions = troubles.filter(({ type }) => type === 'device-disconnected').length;
  const counts = [...rounds.values()];
  return {
    completed: counts.reduce((sum, count) => sum + count, 0),
    missed: troubles.length - lostSessions,
    lostSessions,
    fewest: Math.min(...counts),
    troubles: troubles.map((event) => JSON.stringify(event)),
  };
}

type DeviceEvent = ManagementEvent & { readonly device: string };

function isOf(event: ManagementEvent, names: ReadonlySet<string>): event is DeviceEvent {
  return 'device' in event && event.device !== null && names.has(event.device);
}

/** Hellos as they can be recorded on the way, and such with a kid that nobody has. */
async function gatherLoot(city: TestCity): Promise<Loot> {
  const replayed: Uint8Array[] = [];
  const unknown: Uint8Array[] = [];
  for (const kind of ['end', 'lightweight'] as const) {
    const device = await city.device(kind);
    const line = await Line.dial(city.url);
    const { frame, pending } = device.hello();
    line.send(frame);
    line.send(acceptSession(pending, await line.next(), device.state).frame);
    await line.next();
    line.close();
    await line.closed;
    replayed.push(frame);
    const kid = new Uint8Array(16).fill(unknown.length);
    const { assignment } = device.epoch;
    device.epoch = { ...device.epoch, assignment: { ...assignment, kid } };
    unknown.push(device.hello().frame);
  }
  return { replayed, unknown };
}

/** The process' resident memory, looked at twice a second. */
class MemoryGauge {
  readonly #start = MemoryGauge.now();
  #peak = this.#start;
  readonly #timer = setInterval(() => {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }, 500);

  static now(): number {
    globalThis.gc?.();
    return process.memoryUsage.rss();
  }

  async stop(): Promise<FloodResult['memory']> {
    clearInterval(this.#timer);
    // What was freed is given back a little later.
    await pause(2_000);
    return { start: this.#start, peak: this.#peak, end: MemoryGauge.now() };
  }
}
