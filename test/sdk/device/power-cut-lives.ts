/** Lives of a device that end with a power cut, and the last one, which does not. */
import { POWER_CUT_MODES } from '../firmware/simulated-disk.ts';
import type { PowerCutMode, SimulatedDisk } from '../firmware/simulated-disk.ts';
import type { Verdict } from './power-cut-bench.ts';

/** A device on a disk, as the benches of this folder are. */
export interface Bench<V> {
  readonly disk: SimulatedDisk;
  live(): Promise<void>;
  judge(): Promise<V>;
}

/** When the power goes: at the `cut`th write of a life, counted from 1. */
export interface PowerCutPoint {
  readonly cut: number;
  readonly mode: PowerCutMode;
}

/** What a device's lives came to: after each that was cut, and in the end. */
export interface Lives<V> {
  readonly between: readonly V[];
  readonly end: V;
}

/** One cut, and what it came to. */
export interface Cut extends PowerCutPoint {
  readonly between: Verdict;
  readonly end: Verdict;
}

/** A life for each cut, and one after them. A life that ends before its cut is not among `between`. */
export async function livesOf<V>(
  bench: Bench<V>,
  cuts: readonly PowerCutPoint[],
): Promise<Lives<V>> {
  const between: V[] = [];
  for (const { cut, mode } of cuts) {
    bench.disk.cutAt(cut, mode);
    await bench.live();
    if (!bench.disk.isDead) break;
    bench.disk.restart();
    between.push(await bench.judge());
  }
  // Harmless when the power did not go: nothing waits to be cut.
  bench.disk.cutAt(Infinity, 'kept');
  await bench.live();
  return { between, end: await bench.judge() };
}

/** What becomes of what was not synced at this cut: each of the three in turn. */
export function modeOf(cut: number): PowerCutMode {
  return POWER_CUT_MODES[cut % 3] ?? 'lost';
}

/** A life with a cut, and a life after it, for each write until there are no more. */
export async function cutEverywhere(newBench: () => Bench<Verdict>): Promise<readonly Cut[]> {
  const cuts: Cut[] = [];
  for (let cut = 1; ; cut += 1) {
    const point = { cut, mode: modeOf(cut) };
    const { between, end } = await livesOf(newBench(), [point]);
    const [first] = between;
    if (first === undefined) return cuts;
    cuts.push({ ...point, between: first, end });
  }
}

/** True when nothing was lost, repeated or told twice. */
export function isGood({ between, end }: Cut, seq: number, result: RegExp): boolean {
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
