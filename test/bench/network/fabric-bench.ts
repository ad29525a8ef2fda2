/** Our client on a network of Fabric's own programs beside the embedded one: in turns, in one run, each in processes of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Closers } from '../../../network/src/closers.ts';
import { median, type BenchOptions } from './bench.ts';
import { City } from './city.ts';
import type { FabricConnections, LoopOrder, LoopResult } from './orders.ts';
import { Worker } from './worker.ts';

export const LANES = ['embedded', 'fabric', 'fabric followers'] as const;
/** Which network, and by which of its orderers: all, or those alone that do not lead. */
export type Lane = (typeof LANES)[number];

/** The turns on one lane at one concurrency, taken together. */
export interface LaneRow {
  readonly lane: Lane;
  readonly concurrency: number;
  /** Medians of the turns. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Processor time of the client for one transaction. */
  readonly clientMs: number;
  readonly failed: number;
  readonly failures: readonly string[];
}

type Turn = LoopResult & { readonly clientMs: number };
type Loop = (order: Omit<LoopOrder, 'prefix'>) => Promise<Turn>;

const NO_BOUND = Number.MAX_SAFE_INTEGER;
const WARM_UP = { concurrency: 20, seconds: 60, most: 300 };

export async function benchFabric(
  { concurrencies, rounds, seconds }: BenchOptions,
  tell: (progress: string) => void,
): Promise<readonly LaneRow[]> {
  const closers = new Closers();
  try {
    const lanes = await openLanes(closers);
    tell('warming up');
    for (const loop of lanes.values()) await loop(WARM_UP);
    const rows: LaneRow[] = [];
    for (const concurrency of concurrencies) {
      tell(`concurrency ${concurrency}`);
      const turns = new Map<Lane, Turn[]>(LANES.map((lane) => [lane, []]));
      for (let round = 0; round < rounds; round++) {
        for (const [lane, loop] of lanes) {
          turns.get(lane)?.push(await loop({ concurrency, seconds, most: NO_BOUND }));
        }
      }
      rows.push(...[...turns].map(([lane, measured]) => rowOf(lane, concurrency, measured)));
    }
    return rows;
  } finally {
    await closers.closeAll();
  }
}

async function openLanes(closers: Closers): Promise<ReadonlyMap<Lane, Loop>> {
  const city = await City.start({ clients: ['ours'] });
  closers.add(() => city[Symbol.asyncDispose]());
  const directory = await mkdtemp(path.join(tmpdir(), 'bench-fabric-'));
  closers.add(() => rm(directory, { recursive: true, force: true }));
  const contract = path.resolve('test/network/embedded/contract');
  const network = Worker.start('fabric', 'fabric-program.cjs', [directory, contract]);
  closers.add(() => closed(network));
  const { all, followers } = (await network.ask({ kind: 'connection' })) as FabricConnections;
  return new Map<Lane, Loop>([
    ['embedded', (order) => city.loop('ours', order)],
    ['fabric', await openLane('all', all, closers)],
    ['fabric followers', await openLane('followers', followers, closers)],
  ]);
}

async function openLane(
  name: string,
  connection: FabricConnections['all'],
  closers: Closers,
): Promise<Loop> {
  const client = Worker.start(name, 'client-program.cjs');
  closers.add(() => closed(client));
  await client.ask({ kind: 'connect', client: 'ours', connection });
  let loops = 0;
  return async (order) => {
    const before = await client.usage();
    const loop = { ...order, prefix: `${name}-${++loops}` };
    const result = (await client.ask({ kind: 'loop', loop })) as LoopResult;
    const clientMs = ((await client.usage()) - before) / Math.max(1, result.committed);
    return { ...result, clientMs };
  };
}

async function closed(worker: Worker): Promise<void> {
  try {
    await worker.ask({ kind: 'close' });
  } finally {
    await worker.end();
  }
}

function rowOf(lane: Lane, concurrency: number, turns: readonly Turn[]): LaneRow {
  const middle = (read: (turn: Turn) => number): number => median(turns.map(read));
  return {
    lane,
    concurrency,
    perSecond: middle(({ committed, elapsedMs }) => (committed * 1_000) / elapsedMs),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p95Ms: middle(({ p95Ms }) => p95Ms),
    clientMs: middle(({ clientMs }) => clientMs),
    failed: turns.reduce((sum, { failed }) => sum + failed, 0),
    failures: [...new Set(turns.flatMap(({ failures }) => failures))],
  };
}
