/**
 * Devices whose power is cut at every single write (docs/protocol.md §2.1, §5 "Crash safety", §6.6 "every power cut returns
 * to the last stored one"): always a bootable image, never a repeated counter or chain index, and the work goes on.
 */
import { POWER_CUT_MODES } from '../firmware/simulated-disk.ts';
import type { PowerCutMode } from '../firmware/simulated-disk.ts';
import { PowerCutBench } from './power-cut-bench.ts';
import type { Verdict } from './power-cut-bench.ts';

interface Cut {
  readonly cut: number;
  readonly mode: PowerCutMode;
  readonly between: Verdict;
  readonly end: Verdict;
}

/** A life with a cut, and a life after it. */
async function livesWithCut(
  kind: 'end' | 'lightweight',
  cut: number,
  mode: PowerCutMode,
): Promise<Cut | null> {
  const bench = new PowerCutBench(kind);
  bench.disk.cutAt(cut, mode);
  await bench.live();
  if (!bench.disk.isDead) return null;
  bench.disk.restart();
  const between = await bench.judge();
  await bench.live();
  return { cut, mode, between, end: await bench.judge() };
}

describe.each(['end', 'lightweight'] as const)('a device of kind %s', (kind) => {
  it('gets its update without a cut', async () => {
    const bench = new PowerCutBench(kind);
    await bench.live();
    expect(await bench.judge()).toEqual({
      done: true,
      bootable: 8,
      repeatedCounters: 0,
      repeatedIndices: 0,
      results: ['1: 8, 0'],
      resyncs: 0,
      rounds: 2,
    });
  });

  // Every write, each with one of the three things that can become of what was not synced.
  it('loses nothing to a power cut at any write', async () => {
    const failures: Cut[] = [];
    let cuts = 0;
    for (let cut = 1; ; cut += 1) {
      const lives = await livesWithCut(kind, cut, POWER_CUT_MODES[cut % 3] ?? 'lost');
      if (lives === null) break;
      cuts += 1;
      if (!isGood(lives)) failures.push(lives);
    }
    expect(failures).toEqual([]);
    expect(cuts).toBeGreaterThan(60);
  }, 120_000);
});

function isGood({ between, end }: Cut): boolean {
  return (
    between.bootable !== 0 &&
    end.done &&
    end.bootable === 8 &&
    end.repeatedCounters + end.repeatedIndices + end.resyncs === 0 &&
    end.results.length === 1 &&
    end.rounds > 1
  );
}
