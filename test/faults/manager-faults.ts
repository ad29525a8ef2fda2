/**
 * Kill points of the management node: a process of its own with its state on the disk, real devices and a ledger in this
 * one. It is killed (SIGKILL) at its start, while it serves, and around each call that brings reports to the ledger.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../random.ts';
import { DEVICES, ManagerCity, PATIENCE } from './manager-city.ts';
import { readManagerDisk } from './manager-disk.ts';
import { ManagerJournal } from './manager-journal.ts';
import type { LedgerMethod } from './manager-messages.ts';
import { bringHome, ManagerProcess, type Stage } from './manager-process.ts';
import type { FaultRow } from './table.ts';

const POINTS = {
  start: 'SIGKILL at the start',
  serving: 'SIGKILL while it serves',
  prepare: 'SIGKILL before endorsement',
  send: 'SIGKILL before the commit',
  committed: 'SIGKILL after the commit, before its answer',
} as const;
type Point = keyof typeof POINTS;
const ORDER = Object.keys(POINTS) as readonly Point[];

/** Which call, and when, each of the points at the ledger is. */
const CALLS: Partial<Record<Point, readonly [LedgerMethod, Stage]>> = {
  prepare: ['prepare', 'asked'],
  send: ['send', 'asked'],
  committed: ['send', 'done'],
};

const LONGEST_START = 600;
const LONGEST_SERVICE = 1_200;

interface Tally {
  tries: number;
  /** Tries in which the point was not reached. */
  missed: number;
  unbootable: number;
}

/** @param kills how often the manager is killed, each point as often as the others */
export async function managerFaults(seed: number, kills: number): Promise<readonly FaultRow[]> {
  const parts = await ManagerCity.start();
  try {
    return await new ManagerBench(parts, seed).run(kills);
  } finally {
    await parts.close();
  }
}

class ManagerBench {
  readonly #parts: ManagerCity;
  readonly #random: () => number;
  readonly #journal = new ManagerJournal();
  readonly #tallies = new Map<Point, Tally>();
  readonly #points: Point[] = [];
  /** Called when the point of the life under way is reached. */
  #reached: { readonly at: readonly [LedgerMethod, Stage]; readonly strike: () => void } | null =
    null;

  constructor(parts: ManagerCity, seed: number) {
    this.#parts = parts;
    this.#random = randomOf(seed);
    for (const point of ORDER) this.#tallies.set(point, { tries: 0, missed: 0, unbootable: 0 });
  }

  async run(kills: number): Promise<readonly FaultRow[]> {
    for (let index = 0; index < kills; index += 1) {
      if (index === kills >> 1) this.#release();
      await this.#life(index, ORDER[index % ORDER.length] ?? 'start');
    }
    await this.#lastLife();
    const { lost, doubled } = this.#journal.compare(this.#parts.city.ledger);
    const again = [...doubled, ...this.#journal.repeated];
    return ORDER.slice(0, kills).map((point) => ({
      component: 'manager',
      point: POINTS[point],
      ...this.#sums(point),
      lost: this.#count(lost, point),
      doubled: this.#count(again, point),
    }));
  }

  /** An update for all, so that results are reported as well. */
  #release(): void {
    for (const model of ['end-model', 'lightweight-model']) {
      const release = this.#parts.city.vendor.release(new Uint8Array(9_000).fill(7), {
        model,
        seq: 2,
      });
      this.#parts.city.approve(release);
    }
  }

  async #life(index: number, point: Point): Promise<void> {
    this.#points.push(point);
    this.#journal.current = index;
    const running = this.#begin();
    const tally = this.#tally(point);
    if (point === 'start') await delay(this.#random() * LONGEST_START);
    else if (!(await running.isReady(PATIENCE))) tally.unbootable += 1;
    else tally.missed += (await this.#isAtPoint(point)) ? 0 : 1;
    await running.kill();
    tally.tries += 1;
    this.#journal.disk(await readManagerDisk(this.#parts.order), await this.#parts.shown());
  }

  /** @returns false when the point was not reached in all the time that it was given */
  async #isAtPoint(point: Point): Promise<boolean> {
    const at = CALLS[point];
    // A different call of its kind each time.
    await delay(this.#random() * LONGEST_SERVICE);
    if (at === undefined) return true;
    const reached = new Promise<boolean>((resolve) => {
      const strike = (): void => {
        resolve(true);
      };
      this.#reached = { at, strike };
    });
    return Promise.race([reached, delay(PATIENCE, false, { ref: false })]);
  }

  /** Nobody is killed any more: all devices are served, and everything stands on the ledger. */
  async #lastLife(): Promise<void> {
    const running = this.#begin();
    const isReady = await running.isReady(PATIENCE);
    const end = performance.now() + PATIENCE;
    while (isReady && this.#journal.judged.size < DEVICES && performance.now() < end) {
      await delay(20);
    }
    const waiting = async (): Promise<number> =>
      (await readManagerDisk(this.#parts.order)).reports.length;
    const isBack =
      this.#journal.judged.size === DEVICES &&
      (await bringHome(running, () => this.#begin(), waiting, PATIENCE));
    if (!isBack) await running.kill();
    if (!isBack) this.#tally(this.#points.at(-1) ?? 'start').unbootable += 1;
  }

  #begin(): ManagerProcess {
    this.#journal.judged.clear();
    this.#reached = null;
    return new ManagerProcess([process.execPath, this.#parts.program], this.#parts.order, {
      ledger: this.#parts.city.ledger,
      listener: {
        event: (event) => {
          this.#journal.event(event);
        },
        call: (method, stage, args) => this.#called(method, stage, args),
      },
    });
  }

  async #called(method: LedgerMethod, stage: Stage, args: readonly unknown[]): Promise<void> {
    if (method === 'prepare' && stage === 'asked') this.#journal.prepared(args);
    this.#strike(method, stage);
    // A ledger takes its time, in which the manager may be killed.
    if (method === 'send') await delay(this.#random() * 30);
  }

  #strike(method: LedgerMethod, stage: Stage): void {
    const reached = this.#reached;
    if (reached?.at[0] !== method || reached.at[1] !== stage) return;
    this.#reached = null;
    reached.strike();
    // Killed before all of it had left: an orderer never heard of it.
    const isCutShort = method === 'send' && stage === 'asked' && this.#random() < 0.5;
    if (isCutShort) this.#parts.city.ledger.sendFaults.push('lost');
  }

  /** A life in which nothing came to its point served nobody. */
  #sums(point: Point): Pick<FaultRow, 'tries' | 'unbootable'> {
    const { tries, missed, unbootable } = this.#tally(point);
    return { tries, unbootable: unbootable + missed };
  }

  #tally(point: Point): Tally {
    const tally = this.#tallies.get(point);
    if (tally === undefined) throw new TypeError(`no such point: ${point}`);
    return tally;
  }

  #count(tries: readonly number[], point: Point): number {
    return tries.filter((index) => this.#points[index] === point).length;
  }
}
