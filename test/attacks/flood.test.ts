import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runFlood } from './flood.ts';
import { HostileCrowd } from './hostile-crowd.ts';
import { hostileKinds } from './hostile-kinds.ts';

// Real sockets and real deadlines: real time passes here.
jest.setTimeout(120_000);

describe('a management node under a flood', () => {
  it('completes every round of 10 devices beside 200 hostile connections', async () => {
    const result = await runFlood({
      hostile: 200,
      devices: 10,
      seconds: 6,
      deadlineMs: 2_000,
      crowd: (order) => new HostileCrowd(order),
    });
    expect(result).toMatchObject({ missed: 0, lostSessions: 0 });
    expect(result.fewest).toBeGreaterThan(0);
    const { hostile } = result;
    // Every kind was tried, and no connection was kept.
    expect(Object.keys(hostile).sort()).toEqual(Object.keys(hostileKinds).sort());
    expect(Object.values(hostile).filter((endings) => 'kept' in endings)).toEqual([]);
    expect(hostile['WebSocket and silence']).toHaveProperty('close 4408');
    expect(hostile['an unknown kid']).toHaveProperty('close 4401');
    expect(hostile['a replayed Hello']).toHaveProperty('close 4409');
    expect(hostile['fragments']).toHaveProperty('close 1008');
    expect(hostile['too large']).toHaveProperty('close 1009');
    expect(hostile['a web page']).toHaveProperty('http 403');
    expect(hostile['2500 header fields']).toHaveProperty('http 431');
  });

  it('keeps its memory within bounds, in a process of its own', async () => {
    // The test runner's own memory grows with the suites before: only the command can measure the gateway's.
    const command = join(__dirname, 'run.mjs');
    // Its exit code tells of missed rounds, which is the test above; the memory is printed either way.
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[command, 'flood', '200', '10', '20'],
    ]).catch((error: unknown) => error as { readonly stdout: string });
    const [, start, peak] = /memory, MiB\s+(\d+) \/ (\d+) \/ \d+/.exec(stdout) ?? [];
    expect(Number(start)).toBeGreaterThan(0);
    expect(Number(peak) - Number(start)).toBeLessThan(256);
  });
});
