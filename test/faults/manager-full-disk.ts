/**
 * A management node whose disk is really full: it says so and stands still, goes on by itself when there is room, does not
 * start without room, and loses and repeats nothing, also when it is killed meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ManagementEvent } from '../../network/src/management/index.ts';
import { DEVICES, ManagerCity, PATIENCE } from './manager-city.ts';
import { readManagerDisk } from './manager-disk.ts';
import { ManagerJournal } from './manager-journal.ts';
import { bringHome, ManagerProcess } from './manager-process.ts';
import { SmallDisk } from './small-disk.ts';
import type { FaultRow } from './table.ts';

const POINTS = {
  outlived: 'disk full, then room',
  killed: 'disk full, SIGKILL, start without room',
} as const;
type Point = keyof typeof POINTS;
const ORDER = Object.keys(POINTS) as readonly Point[];

const DISK_BYTES = 33_554_432;
/** Milliseconds that what was under way has to end, and then that nothing may happen in: windows take one second. */
const ENDING = 500;
const STILLNESS = 2_000;

/** @param tries how often the disk fills up. @returns no row where no such disk can be mounted */
export async function managerFullDisk(tries: number): Promise<readonly FaultRow[]> {
  if (!SmallDisk.isPossible()) return [];
  const parts = await ManagerCity.start();
  await using disk = await SmallDisk.mount(DISK_BYTES);
  try {
    await disk.copy(parts.order.directory);
    return await new FullDiskBench(parts, disk).run(tries);
  } finally {
    await parts.close();
  }
}

class FullDiskBench {
  readonly #parts: ManagerCity;
  readonly #disk: SmallDisk;
  readonly #journal = new ManagerJournal();
  readonly #points: Point[] = [];
  readonly #unbootable: number[] = [];
  /** State of the storage, as the node under way said last. */
  #storage = 'ready';
  #verdicts = 0;

  constructor(parts: ManagerCity, disk: SmallDisk) {
    this.#parts = parts;
    this.#disk = disk;
  }

  async run(tries: number): Promise<readonly FaultRow[]> {
    let running = this.#begin();
    for (let index = 0; index < tries; index += 1) {
      const point = ORDER[index % ORDER.length] ?? 'outlived';
      this.#points.push(point);
      this.#journal.current = index;
      const isGood = (await this.#serves()) && (await this.#standsStill());
      if (!isGood) this.#unbootable.push(index);
      if (point === 'killed') running = await this.#killed(running);
      await this.#disk.free();
      if (!(await this.#serves())) this.#unbootable.push(index);
    }
    const waiting = async (): Promise<number> => (await this.#left()).reports.length;
    const isHome = await bringHome(running, () => this.#begin(), waiting, PATIENCE);
    if (!isHome) this.#unbootable.push(tries - 1);
    return this.#rows(tries);
  }

  #begin(): ManagerProcess {
    this.#storage = 'ready';
    const order = { ...this.#parts.order, directory: this.#disk.directory };
    return new ManagerProcess(this.#disk.command(this.#parts.program), order, {
      ledger: this.#parts.city.ledger,
      listener: {
        event: (event) => {
          this.#event(event);
        },
        call: (method, stage, args) => {
          if (method === 'prepare' && stage === 'asked') this.#journal.prepared(args);
          return Promise.resolve();
        },
      },
    });
  }

  #event(event: ManagementEvent): void {
    this.#journal.event(event);
    if (event.type === 'storage') this.#storage = event.state;
    if (event.type === 'judged') this.#verdicts += 1;
  }

  /** Every device comes to a verdict, with a disk that takes it. */
  #serves(): Promise<boolean> {
    this.#journal.judged.clear();
    return until(() => this.#storage === 'ready' && this.#journal.judged.size === DEVICES);
  }

  /** It says that the disk is full, and comes to no verdict that it could not store. */
  async #standsStill(): Promise<boolean> {
    await this.#disk.fill();
    if (!(await until(() => this.#storage === 'full'))) return false;
    await delay(ENDING);
    const before = this.#verdicts;
    await delay(STILLNESS);
    return this.#verdicts === before && this.#storage === 'full';
  }

  /** @returns the node that was started when there was room again */
  async #killed(running: ManagerProcess): Promise<ManagerProcess> {
    await running.kill();
    this.#journal.disk(await this.#left(), await this.#parts.shown());
    const without = this.#begin();
    await without.isReady(PATIENCE);
    // It has to say why it does not start.
    if (without.failure !== 'STORAGE_FULL') this.#unbootable.push(this.#journal.current);
    await without.kill();
    await this.#disk.free();
    return this.#begin();
  }

  #left(): ReturnType<typeof readManagerDisk> {
    return readManagerDisk({ ...this.#parts.order, directory: this.#disk.outside() });
  }

  #rows(tries: number): readonly FaultRow[] {
    const { lost, doubled } = this.#journal.compare(this.#parts.city.ledger);
    const again = [...doubled, ...this.#journal.repeated];
    return ORDER.slice(0, tries).map((point) => {
      const count = (list: readonly number[]): number =>
        list.filter((index) => this.#points[index] === point).length;
      return {
        component: 'manager',
        point: POINTS[point],
        tries: this.#points.filter((each) => each === point).length,
        lost: count(lost),
        doubled: count(again),
        unbootable: count(this.#unbootable),
      };
    });
  }
}

/** @returns false when it has not come to that in all the time there is */
async function until(met: () => boolean): Promise<boolean> {
  const end = performance.now() + PATIENCE;
  while (!met()) {
    if (performance.now() > end) return false;
    await delay(20);
  }
  return true;
}
