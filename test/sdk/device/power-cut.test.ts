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

/** A life with a cut, and a life after it, for each write until there are no more. */
async function cutEverywhere(newBench: () => PowerCutBench): Promise<readonly Cut[]> {
  const cuts: Cut[] = [];
  for (let cut = 1; ; cut += 1) {
    // Each with one of the three things that can become of what was not synced.
    const mode = POWER_CUT_MODES[cut % 3] ?? 'lost';
    const bench = newBench();
    bench.disk.cutAt(cut, mode);
    await bench.live();
    if (!bench.disk.isDead) return cuts;
    bench.disk.restart();
    const between = await bench.judge();
    await bench.live();
    cuts.push({ cut, mode, between, end: await bench.judge() });
  }
}

/** True when nothing was lost, repeated or told twice. */
function isGood({ between, end }: Cut, seq: number, result: RegExp): boolean {
  return (
    between.bootable !== 0 &&
    end.done &&
    end.bootable === seq &&
    end.repeatedCounters + end.repeatedIndices + end.resyncs === 0 &&
    end.results.length === 1 &&
    result.test(end.results[0] ?? '') &&
    end.rounds > 0
  );
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

  it('loses nothing to a power cut at any write', async () => {
    const cuts = await cutEverywhere(() => new PowerCutBench(kind));
    // A cut between the begin of an attempt and its first stored place makes the next one the second.
    expect(cuts.filter((cut) => !isGood(cut, 8, /^[12]: 8, 0$/))).toEqual([]);
    expect(cuts.length).toBeGreaterThan(60);
  }, 300_000);
});

describe('a device whose new image fails its self test', () => {
  it('has the old one back after a power cut at any write, and says so once', async () => {
    const cuts = await cutEverywhere(() => new PowerCutBench('lightweight', false));
    expect(cuts.filter((cut) => !isGood(cut, 7, /^[12]: 8, 8$/))).toEqual([]);
    expect(cuts.length).toBeGreaterThan(60);
  }, 300_000);
});
