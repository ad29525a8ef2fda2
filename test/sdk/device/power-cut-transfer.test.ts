/**
 * A device that moves to another manager while its power is cut at every single write (docs/protocol.md §2.1, §2.3): it
 * arrives there, keeps the way back until then, and repeats no counter under either kid.
 */
import { ARRIVED, TransferBench } from './power-cut-transfer-bench.ts';
import { livesOf, modeOf } from './power-cut-lives.ts';

describe.each(['end', 'lightweight'] as const)('a device of kind %s that is moved', (kind) => {
  // Every write, each with one of the three things that can become of what was not synced.
  it('arrives after a power cut at any write', async () => {
    let cuts = 0;
    for (let cut = 1; ; cut += 1) {
      const lives = await livesOf(new TransferBench(kind), [{ cut, mode: modeOf(cut) }]);
      expect([cut, lives.end]).toEqual([cut, ARRIVED]);
      if (lives.between.length === 0) break;
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(20);
  }, 300_000);
});
