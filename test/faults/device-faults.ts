/**
 * Kill points of the devices: the power goes at every write of an update, of an update that has to be taken back, and of a
 * move to another manager; and at two random writes, one in each of two lives.
 */
import { PowerCutBench, type Verdict } from '../sdk/device/power-cut-bench.ts';
import {
  livesOf,
  type Bench,
  type Lives,
  type PowerCutPoint,
} from '../sdk/device/power-cut-lives.ts';
import { TransferBench, type TransferVerdict } from '../sdk/device/power-cut-transfer-bench.ts';
import { POWER_CUT_MODES } from '../sdk/firmware/simulated-disk.ts';
import { randomOf } from '../random.ts';
import type { FaultRow } from './table.ts';

type Counts = Pick<FaultRow, 'lost' | 'doubled' | 'unbootable'>;

interface Scenario<V> {
  readonly name: string;
  readonly newBench: () => Bench<V>;
  /** What one device's lives came to. */
  readonly judge: (lives: Lives<V>) => Counts;
}

const KINDS = ['end', 'lightweight'] as const;
const NEW_SEQ = 8;
const FACTORY_SEQ = 7;

/** @param cuts how many random writes of each scenario at most, and how many pairs; every write when omitted */
export async function deviceFaults(
  seed: number,
  pairs: number,
  cuts = Infinity,
): Promise<readonly FaultRow[]> {
  const random = randomOf(seed);
  const rows: FaultRow[] = [];
  for (const scenario of [
    ...KINDS.map((kind) => updateOf(kind, true)),
    updateOf('lightweight', false),
  ]) {
    rows.push(await cutOnce(scenario, random, cuts), await cutTwice(scenario, random, pairs));
  }
  for (const scenario of KINDS.map(transferOf)) rows.push(await cutOnce(scenario, random, cuts));
  return rows;
}

function updateOf(kind: (typeof KINDS)[number], isHealthy: boolean): Scenario<Verdict> {
  const seq = isHealthy ? NEW_SEQ : FACTORY_SEQ;
  return {
    name: `${kind}, ${isHealthy ? 'update' : 'update that fails'}`,
    newBench: () => new PowerCutBench(kind, isHealthy),
    judge: ({ between, end }) => ({
      // Work that did not go on, a result that was not told, a counter that was gone.
      lost: Number(!end.done || end.rounds === 0 || end.results.length === 0 || end.resyncs > 0),
      doubled: end.repeatedCounters + end.repeatedIndices + Math.max(0, end.results.length - 1),
      unbootable: Number(end.bootable !== seq || between.some(({ bootable }) => bootable === 0)),
    }),
  };
}

function transferOf(kind: (typeof KINDS)[number]): Scenario<TransferVerdict> {
  return {
    name: `${kind}, move to another manager`,
    newBench: () => new TransferBench(kind),
    judge: ({ end }) => ({
      lost: Number(end.resyncs > 0 || end.formerKept),
      doubled: end.repeatedCounters,
      unbootable: Number(!end.arrived),
    }),
  };
}

/** One cut for each device, at every write or at so many of them. */
async function cutOnce<V>(
  scenario: Scenario<V>,
  random: () => number,
  most: number,
): Promise<FaultRow> {
  const writes = await writesOf(scenario);
  const all = Array.from({ length: writes }, (_, index) => index + 1);
  const chosen = most >= writes ? all : shuffled(all, random).slice(0, most);
  const first = Math.floor(random() * POWER_CUT_MODES.length);
  const cuts = chosen.map((cut) => [{ cut, mode: modeAt(first + cut) }]);
  const point = most >= writes ? 'power cut at every write' : 'power cut at random writes';
  return sum(scenario, point, cuts);
}

/** Two cuts for each device, the second in the life after the first. */
async function cutTwice<V>(
  scenario: Scenario<V>,
  random: () => number,
  pairs: number,
): Promise<FaultRow> {
  const writes = await writesOf(scenario);
  const cuts = Array.from({ length: pairs }, () =>
    [0, 0].map(() => ({
      cut: 1 + Math.floor(random() * writes),
      mode: modeAt(Math.floor(random() * POWER_CUT_MODES.length)),
    })),
  );
  return sum(scenario, 'power cut in two lives', cuts);
}

async function sum<V>(
  { name, newBench, judge }: Scenario<V>,
  point: string,
  tries: readonly (readonly PowerCutPoint[])[],
): Promise<FaultRow> {
  const total = { lost: 0, doubled: 0, unbootable: 0 };
  for (const cuts of tries) {
    const counts = judge(await livesOf(newBench(), cuts));
    total.lost += counts.lost;
    total.doubled += counts.doubled;
    total.unbootable += counts.unbootable;
  }
  return { component: 'device', point: `${name}: ${point}`, tries: tries.length, ...total };
}

/** Writes of a life that is not cut. */
async function writesOf<V>({ newBench }: Scenario<V>): Promise<number> {
  const bench = newBench();
  await bench.live();
  return bench.disk.operations;
}

function modeAt(index: number): (typeof POWER_CUT_MODES)[number] {
  return POWER_CUT_MODES[index % POWER_CUT_MODES.length] ?? 'lost';
}

/** Fisher and Yates. */
function shuffled(values: readonly number[], random: () => number): number[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] ?? 0, result[last] ?? 0];
  }
  return result;
}
