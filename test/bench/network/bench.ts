/** The measurements of the embedded network: what is compared is measured in turns, in one run. */
import { City, type Measured } from './city.ts';
import type { ClientKind } from './orders.ts';
import { measureFloor } from './signature-floor.ts';

export interface BenchOptions {
  readonly clients: readonly ClientKind[];
  readonly concurrencies: readonly number[];
  /** Turns of each client at each concurrency. */
  readonly rounds: number;
  /** Of one turn. */
  readonly seconds: number;
  /** Runs of our client at concurrency 150 that must not lose an execution. */
  readonly lossRuns: number;
  /** Transactions over which memory must be flat. */
  readonly soak: number;
  /** For the processes of network and clients, such as `--cpu-prof`. */
  readonly node: readonly string[];
}

/** The turns of one client at one concurrency, taken together. */
export interface Row {
  readonly client: ClientKind;
  readonly concurrency: number;
  /** Medians of the turns. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly networkMs: number;
  readonly chaincodeMs: number;
  readonly clientMs: number;
  readonly failed: number;
  readonly failures: readonly string[];
}

export interface Losses {
  readonly runs: number;
  readonly committed: number;
  readonly failed: number;
  readonly failures: readonly string[];
}

/** Memory of the network process after so many transactions. */
export interface MemorySample {
  readonly transactions: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

export interface BenchResult {
  /** Processor time of one transaction's signatures, milliseconds. */
  readonly floorMs: number;
  readonly rows: readonly Row[];
  readonly losses: Losses | undefined;
  readonly memory: readonly MemorySample[];
}

/** Infinity does not survive the way to another process. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;
const WARM_UP = { concurrency: 20, seconds: 60, most: 2_000 };
const LOSS_CONCURRENCY = 150;
const SOAK_CONCURRENCY = 50;
const SOAK_SAMPLES = 10;

export async function bench(
  options: BenchOptions,
  tell: (progress: string) => void,
): Promise<BenchResult> {
  await using city = await City.start(options);
  tell('warming up');
  for (const client of options.clients) await city.loop(client, WARM_UP);
  const floors: number[] = [];
  const rows: Row[] = [];
  for (const concurrency of options.concurrencies) {
    tell(`concurrency ${concurrency}`);
    rows.push(...(await compare(city, options, concurrency, floors)));
  }
  const losses = options.lossRuns > 0 ? await seekLosses(city, options, tell) : undefined;
  const memory = options.soak > 0 ? await soak(city, options.soak, tell) : [];
  return { floorMs: median(floors), rows, losses, memory };
}

async function compare(
  city: City,
  { clients, rounds, seconds }: BenchOptions,
  concurrency: number,
  floors: number[],
): Promise<Row[]> {
  const turns = new Map<ClientKind, Measured[]>(clients.map((client) => [client, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [client, measured] of turns) {
      floors.push(measureFloor());
      measured.push(await city.loop(client, { concurrency, seconds, most: NO_BOUND }));
    }
  }
  return [...turns].map(([client, measured]) => rowOf(client, concurrency, measured));
}

function rowOf(client: ClientKind, concurrency: number, turns: readonly Measured[]): Row {
  const middle = (read: (turn: Measured) => number): number => median(turns.map(read));
  return {
    client,
    concurrency,
    perSecond: middle(({ committed, elapsedMs }) => (committed * 1_000) / elapsedMs),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p95Ms: middle(({ p95Ms }) => p95Ms),
    networkMs: middle(({ networkMs }) => networkMs),
    chaincodeMs: middle(({ chaincodeMs }) => chaincodeMs),
    clientMs: middle(({ clientMs }) => clientMs),
    failed: turns.reduce((sum, { failed }) => sum + failed, 0),
    failures: [...new Set(turns.flatMap(({ failures }) => failures))],
  };
}

async function seekLosses(
  city: City,
  { lossRuns, seconds }: BenchOptions,
  tell: (progress: string) => void,
): Promise<Losses> {
  const runs: Measured[] = [];
  for (let run = 1; run <= lossRuns; run++) {
    tell(`run ${run} of ${lossRuns} at concurrency ${LOSS_CONCURRENCY}`);
    const order = { concurrency: LOSS_CONCURRENCY, seconds, most: NO_BOUND };
    runs.push(await city.loop('ours', order));
  }
  return {
    runs: runs.length,
    committed: runs.reduce((sum, { committed }) => sum + committed, 0),
    failed: runs.reduce((sum, { failed }) => sum + failed, 0),
    failures: [...new Set(runs.flatMap(({ failures }) => failures))],
  };
}

async function soak(
  city: City,
  transactions: number,
  tell: (progress: string) => void,
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const most = Math.ceil(transactions / SOAK_SAMPLES);
  for (let part = 1; part <= SOAK_SAMPLES; part++) {
    const order = { concurrency: SOAK_CONCURRENCY, seconds: 3_600, most };
    await city.loop('ours', order);
    const memory = await city.memory();
    const { residentBytes, heapBytes, externalBytes } = memory;
    samples.push({ transactions: part * most, ...memory });
    tell(
      `${part * most} transactions: ${mebibytes(residentBytes)} MiB resident, ` +
        `${mebibytes(heapBytes)} heap, ${mebibytes(externalBytes)} beside it`,
    );
  }
  return samples;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** @returns 0 of nothing */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const [upper = 0, lower = 0] = [sorted[middle], sorted[sorted.length % 2 ? middle : middle - 1]];
  return (upper + lower) / 2;
}
