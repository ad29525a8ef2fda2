/**
 * Kill points of a network of Fabric's own programs: SIGKILL of one node after the other, while a management node's outbox brings
 * reports to the ledger. Each is started again, and has to come back to its work.
 */
import { setTimeout as delay } from 'node:timers/promises';

import type { RunningNode } from '../../network/src/fabric/index.ts';
import type { DurableOutbox } from '../../network/src/management/storage/durable-outbox.ts';
import { randomOf } from '../random.ts';
import { FabricCity, MSP_IDS } from './fabric-city.ts';
import { FabricJournal } from './fabric-journal.ts';
import type { FaultRow } from './table.ts';

const POINTS = {
  leader: 'SIGKILL of the leading orderer',
  follower: 'SIGKILL of a following orderer',
  peer: 'SIGKILL of a peer',
  chaincode: 'SIGKILL of a chaincode process',
} as const;
type Point = keyof typeof POINTS;
/** So that each of three peers has its turn. */
const ORDER: readonly Point[] = ['leader', 'peer', 'follower', 'peer', 'chaincode', 'peer'];

const DEVICES = Array.from({ length: 20 }, (_, index) => `lamp-${index}`);
/** Between two reports. */
const PACE_MS = 40;
/** Whoever looks after nodes gives up one that ends again and again within a minute. */
const MOST_KILLS_OF_A_CITY = 18;
const LONGEST_LIFE_MS = 1_500;
/** The second one was made when the first one was known, all after the kill. */
const COMMITS = 3;
const PATIENCE_MS = 90_000;

interface Tally {
  tries: number;
  lost: number;
  doubled: number;
  unbootable: number;
  gapMs: number;
}

/** @param kills how often a node is killed; with 6 it is a leader, a follower, each peer and a chaincode process */
export async function fabricFaults(seed: number, kills: number): Promise<readonly FaultRow[]> {
  const random = randomOf(seed);
  const tallies = new Map<Point, Tally>();
  for (let done = 0; done < kills; done += MOST_KILLS_OF_A_CITY) {
    const some = Math.min(MOST_KILLS_OF_A_CITY, kills - done);
    const points = Array.from({ length: some }, (_, index) => pointAt(done + index));
    await using city = await FabricCity.start(DEVICES);
    await new FabricBench(city, random, tallies).run(points);
  }
  return [...tallies].map(([point, { gapMs, ...tally }]) => ({
    component: 'fabric',
    point: POINTS[point],
    ...tally,
    gapSeconds: gapMs / 1_000,
  }));
}

function pointAt(index: number): Point {
  return ORDER[index % ORDER.length] ?? 'leader';
}

class FabricBench {
  readonly #city: FabricCity;
  readonly #random: () => number;
  readonly #tallies: Map<Point, Tally>;
  readonly #journal = new FabricJournal(DEVICES);
  /** Names of nodes, the one killed last at the end. */
  readonly #killed: string[] = [];

  constructor(city: FabricCity, random: () => number, tallies: Map<Point, Tally>) {
    this.#city = city;
    this.#random = random;
    this.#tallies = tallies;
  }

  async run(points: readonly Point[]): Promise<void> {
    await using outbox = await this.#city.outbox((outcome) => {
      this.#journal.heard(outcome);
    });
    const stop = new AbortController();
    const load = this.#load(outbox, stop.signal);
    await this.#commits(1);
    for (const point of points) await this.#life(point);
    stop.abort();
    await load;
    const last = this.#tally(points.at(-1) ?? 'leader');
    const isDrained = await within(outbox.drained());
    if (!isDrained || !(await this.#isAlike())) last.unbootable += 1;
    const { lost, doubled } = await this.#journal.compare(this.#city.contracts);
    last.lost += lost;
    last.doubled += doubled;
  }

  /** Reports as long as it is let. */
  async #load(outbox: DurableOutbox, signal: AbortSignal): Promise<void> {
    for (let index = 0; !signal.aborted; index += 1) {
      const entry = this.#journal.next(DEVICES[index % DEVICES.length] ?? '');
      await outbox.put(entry);
      this.#journal.took(entry);
      await delay(PACE_MS);
    }
  }

  async #life(point: Point): Promise<void> {
    const tally = this.#tally(point);
    await delay(this.#random() * LONGEST_LIFE_MS);
    const node = await this.#victim(point);
    const from = performance.now();
    if (node?.processId === undefined) return;
    process.kill(node.processId, 'SIGKILL');
    tally.tries += 1;
    const isBack = (await this.#isBack(node)) && (await this.#commits(COMMITS));
    tally.gapMs = Math.max(tally.gapMs, this.#journal.longestGap(from, performance.now()));
    if (!isBack) tally.unbootable += 1;
  }

  /** Of several, the one that was killed longest ago. */
  async #victim(point: Point): Promise<RunningNode | undefined> {
    const { nodes } = this.#city.network;
    const leader = point === 'leader' || point === 'follower' ? await this.#city.leader() : '';
    const candidates = nodes.filter(({ kind, address }) => {
      if (point === 'leader') return address === leader;
      if (point === 'follower') return kind === 'orderer' && address !== leader;
      return kind === point;
    });
    const age = ({ name }: RunningNode): number => this.#killed.lastIndexOf(name);
    const [victim] = candidates.sort((left, right) => age(left) - age(right));
    if (victim !== undefined) this.#killed.push(victim.name);
    return victim;
  }

  /** @returns false when it is not at work again in time */
  #isBack({ name, processId }: RunningNode): Promise<boolean> {
    const { network } = this.#city;
    return comesTrue(async () => {
      const now = network.nodes.find((node) => node.name === name)?.processId;
      if (now === undefined || now === processId) return false;
      return (await network.failedChecks()).length === 0 && this.#isCaughtUp();
    });
  }

  async #isCaughtUp(): Promise<boolean> {
    const heights = [...(await this.#city.network.heights()).values()];
    // The others went on meanwhile.
    return Math.min(...heights) >= Math.max(...heights) - 3;
  }

  /** @returns false when there are not so many commits more in time */
  #commits(more: number): Promise<boolean> {
    const before = this.#journal.commits;
    return comesTrue(() => Promise.resolve(this.#journal.commits >= before + more));
  }

  /** Whether all peers end with the same block. */
  #isAlike(): Promise<boolean> {
    const { ledger } = this.#city.contracts;
    return comesTrue(async () => {
      const chains = await Promise.all(
        MSP_IDS.map(async (organisation) => ledger.chain({ organisation })),
      );
      return new Set(chains.map(({ currentBlockHash }) => currentBlockHash)).size === 1;
    });
  }

  #tally(point: Point): Tally {
    const known = this.#tallies.get(point);
    if (known !== undefined) return known;
    const tally = { tries: 0, lost: 0, doubled: 0, unbootable: 0, gapMs: 0 };
    this.#tallies.set(point, tally);
    return tally;
  }
}

function within(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), delay(PATIENCE_MS, false, { ref: false })]);
}

async function comesTrue(what: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    if (await what().catch(() => false)) return true;
    await delay(50);
  }
  return false;
}
