/** The tables, and the lines `name value target ok|short` that say whether the network is as fast as it has to be. */
import type { BenchResult, MemorySample, Row } from './bench.ts';
import type { LaneRow } from './fabric-bench.ts';
import type { ClientKind } from './orders.ts';

const JUDGED_CONCURRENCY = 50;
/** Our client and the network together, in processor time, by the floor. */
const MOST_FLOORS = 7;
/** Our client's rate by the stock client's. */
const LEAST_RATIO = 1.6;
/** Of the network's own resident memory, last fifth of the samples by the second. */
const MOST_GROWTH = 1.1;

export interface Line {
  readonly name: string;
  readonly value: string;
  readonly target: string;
  readonly isMet: boolean;
}

const HEADINGS = ['client', 'conc', 'tx/s', 'p50 ms', 'p95 ms', 'network', 'chaincode', 'client'];

/** Processor times are milliseconds for one transaction. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.client,
    String(row.concurrency),
    row.perSecond.toFixed(0),
    row.p50Ms.toFixed(0),
    row.p95Ms.toFixed(0),
    row.networkMs.toFixed(2),
    row.chaincodeMs.toFixed(2),
    row.clientMs.toFixed(2),
  ]);
  return [HEADINGS, ...cells]
    .map((line) => line.map((cell, index) => pad(cell, index)).join('  '))
    .join('\n');
}

const LANE_HEADINGS = ['network', 'conc', 'tx/s', 'p50 ms', 'p95 ms', 'client'];
const LANE_WIDTH = 16;

/** Processor times are milliseconds of the client for one transaction. */
export function laneTableOf(rows: readonly LaneRow[]): string {
  const cells = rows.map((row) => [
    row.lane,
    String(row.concurrency),
    row.perSecond.toFixed(0),
    row.p50Ms.toFixed(0),
    row.p95Ms.toFixed(0),
    row.clientMs.toFixed(2),
  ]);
  return [LANE_HEADINGS, ...cells]
    .map((line) => line.map((cell, index) => pad(cell, index, LANE_WIDTH)).join('  '))
    .join('\n');
}

export function laneFailuresOf(rows: readonly LaneRow[]): readonly string[] {
  return rows
    .filter(({ failed }) => failed > 0)
    .flatMap(({ lane, concurrency, failed, failures }) => [
      `${lane} at ${concurrency}: ${failed} failed`,
      ...failures,
    ]);
}

export function failuresOf({ rows, losses }: BenchResult): readonly string[] {
  const ofRows = rows
    .filter(({ failed }) => failed > 0)
    .map((row) => `${row.client} at ${row.concurrency}: ${row.failed} failed`);
  const texts = [...rows, ...(losses ? [losses] : [])].flatMap(({ failures }) => failures);
  return [...ofRows, ...new Set(texts)];
}

/** One line for everything that was measured and has a target. */
export function linesOf(result: BenchResult): readonly Line[] {
  return [...costLines(result), ...rateLines(result), ...lossLines(result), ...memoryLines(result)];
}

export function textOf({ name, value, target, isMet }: Line): string {
  return `${name} ${value} ${target} ${isMet ? 'ok' : 'short'}`;
}

function rowAt(rows: readonly Row[], kind: ClientKind): Row | undefined {
  return rows.find(
    ({ client, concurrency }) => client === kind && concurrency === JUDGED_CONCURRENCY,
  );
}

function costLines({ rows, floorMs }: BenchResult): readonly Line[] {
  const row = rowAt(rows, 'ours');
  if (!row) return [];
  const floors = (row.networkMs + row.clientMs) / floorMs;
  return [
    {
      name: 'cpu_client_and_network_by_floor_at_50',
      value: floors.toFixed(1),
      target: `<=${MOST_FLOORS}`,
      isMet: floors <= MOST_FLOORS,
    },
  ];
}

function rateLines({ rows }: BenchResult): readonly Line[] {
  const [ours, stock] = [rowAt(rows, 'ours'), rowAt(rows, 'stock')];
  if (!ours || !stock) return [];
  const ratio = ours.perSecond / stock.perSecond;
  return [
    {
      name: 'rate_by_stock_client_at_50',
      value: ratio.toFixed(2),
      target: `>=${LEAST_RATIO}`,
      isMet: ratio >= LEAST_RATIO,
    },
  ];
}

function lossLines({ losses }: BenchResult): readonly Line[] {
  if (!losses) return [];
  const name = `lost_of_${losses.committed + losses.failed}_in_${losses.runs}_runs_at_150`;
  return [{ name, value: String(losses.failed), target: '0', isMet: losses.failed === 0 }];
}

function memoryLines({ memory }: BenchResult): readonly Line[] {
  if (memory.length === 0) return [];
  const growth = growthOf(memory);
  return [
    {
      name: `memory_growth_over_${memory.at(-1)?.transactions ?? 0}`,
      value: growth.toFixed(2),
      target: `<=${MOST_GROWTH}`,
      isMet: growth <= MOST_GROWTH,
    },
  ];
}

/** Mean of the last fifth by that of the second fifth: the first one fills the caches. */
export function growthOf(samples: readonly MemorySample[]): number {
  const fifth = Math.max(1, Math.floor(samples.length / 5));
  const mean = (part: readonly MemorySample[]): number =>
    part.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / part.length;
  return mean(samples.slice(-fifth)) / mean(samples.slice(fifth, 2 * fifth));
}

function pad(cell: string, index: number, width = 8): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(9);
}
