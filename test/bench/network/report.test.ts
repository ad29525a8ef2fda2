import type { BenchResult, MemorySample, Row } from './bench.ts';
import { median } from './bench.ts';
import { quantile } from './closed-loop.ts';
import type { LaneRow } from './fabric-bench.ts';
import {
  failuresOf,
  growthOf,
  laneFailuresOf,
  laneTableOf,
  linesOf,
  tableOf,
  textOf,
} from './report.ts';

const row = (client: Row['client'], more: Partial<Row> = {}): Row => ({
  client,
  concurrency: 50,
  perSecond: 200,
  p50Ms: 100,
  p95Ms: 200,
  networkMs: 3,
  chaincodeMs: 1,
  clientMs: 0.5,
  failed: 0,
  failures: [],
  ...more,
});
const sample = (transactions: number, residentBytes: number): MemorySample => ({
  transactions,
  residentBytes,
  heapBytes: 0,
  externalBytes: 0,
});
const result = (more: Partial<BenchResult>): BenchResult => ({
  floorMs: 0.5,
  rows: [],
  losses: undefined,
  memory: [],
  ...more,
});

describe('lines of the bench', () => {
  it('say ok at the target and short beyond it', () => {
    const stock = row('stock', { perSecond: 125 });
    expect(linesOf(result({ rows: [row('ours'), stock] })).map(textOf)).toEqual([
      'cpu_client_and_network_by_floor_at_50 7.0 <=7 ok',
      'rate_by_stock_client_at_50 1.60 >=1.6 ok',
    ]);
    const slow = row('ours', { perSecond: 190, networkMs: 4 });
    expect(linesOf(result({ rows: [slow, stock] })).map(({ isMet }) => isMet)).toEqual([
      false,
      false,
    ]);
  });

  it('count a single loss', () => {
    const losses = { runs: 20, committed: 99, failed: 1, failures: ['lost'] };
    expect(linesOf(result({ losses })).map(textOf)).toEqual([
      'lost_of_100_in_20_runs_at_150 1 0 short',
    ]);
    expect(failuresOf(result({ losses }))).toEqual(['lost']);
  });

  it('see memory that grows, and not that it fills its caches', () => {
    const sizes = [50, 90, 100, 100, 100, 100, 101, 99, 100, 100];
    const flat = sizes.map((size, index) => sample(index, size));
    expect(growthOf(flat)).toBeLessThanOrEqual(1.1);
    const growing = sizes.map((size, index) => sample(index, size + 5 * index));
    expect(linesOf(result({ memory: growing }))[0]?.isMet).toBe(false);
  });

  it('are left out for what was not measured', () => {
    expect(linesOf(result({ rows: [row('gateway')] }))).toEqual([]);
  });
});

describe('table of the bench', () => {
  it('has a line for each client and concurrency', () => {
    const lines = tableOf([row('ours'), row('gateway', { concurrency: 1 })]).split('\n');
    expect(lines.map((line) => line.split(/\s+/).slice(0, 3))).toEqual([
      ['client', 'conc', 'tx/s'],
      ['ours', '50', '200'],
      ['gateway', '1', '200'],
    ]);
  });
});

describe('statistics of the bench', () => {
  it('take the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, 0]);
    expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.95), quantile([], 0.5)]).toEqual([
      3, 4, 0,
    ]);
  });
});

describe('the table of two networks', () => {
  const lane = (more: Partial<LaneRow> = {}): LaneRow => ({
    lane: 'fabric followers',
    concurrency: 10,
    perSecond: 60,
    p50Ms: 131,
    p95Ms: 244,
    clientMs: 1.5,
    failed: 0,
    failures: [],
    ...more,
  });

  it('has a line for each network and concurrency', () => {
    expect(laneTableOf([lane({ lane: 'embedded' }), lane()]).split('\n')).toEqual([
      'network                conc       tx/s     p50 ms     p95 ms     client',
      'embedded                 10         60        131        244       1.50',
      'fabric followers         10         60        131        244       1.50',
    ]);
  });

  it('is followed by what failed', () => {
    expect(laneFailuresOf([lane()])).toEqual([]);
    expect(laneFailuresOf([lane({ failed: 2, failures: ['TIMEOUT: late'] })])).toEqual([
      'fabric followers at 10: 2 failed',
      'TIMEOUT: late',
    ]);
  });
});
