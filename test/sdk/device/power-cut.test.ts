/**
 * Devices whose power is cut at every single write (docs/protocol.md §2.1, §5 "Crash safety", §6.6 "every power cut returns
 * to the last stored one"): always a bootable image, never a repeated counter or chain index, and the work goes on.
 */
import { LMS_ID_BYTES, lmsSet, TREE_OTS_TYPE } from '@lamplighter/sdk/crypto';
import { be32, concatBytes } from '@lamplighter/sdk/wire';
import { LmsTree } from '../../../network/src/management/lms-tree.ts';
import { filled } from '../protocol/session-fixture.ts';
import { PowerCutBench, type ManagerTree } from './power-cut-bench.ts';
import { cutEverywhere, isGood } from './power-cut-lives.ts';

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

describe('a lightweight device under a tree', () => {
  const set = lmsSet(0x0a, TREE_OTS_TYPE)!;
  let tree: ManagerTree;
  beforeAll(async () => {
    const secret = { id: filled(5, LMS_ID_BYTES), seed: filled(6, set.hashBytes) };
    const grown = await LmsTree.grow(set, secret);
    tree = {
      publicKey: concatBytes(be32(1), grown.publicKey),
      // Its leaves are not what is cut here: see lms-signer.test.ts.
      sign: (message) => concatBytes(be32(0), grown.sign(0, message)),
    };
  });

  it.each([0x0201, 0x0301])(
    'loses nothing to a power cut at any write, suite %i',
    async (suite) => {
      const cuts = await cutEverywhere(
        () => new PowerCutBench('lightweight', true, { suite, tree }),
      );
      expect(cuts.filter((cut) => !isGood(cut, 8, /^[12]: 8, 0$/))).toEqual([]);
      expect(cuts.length).toBeGreaterThan(60);
    },
    300_000,
  );
});

describe('a device whose new image fails its self test', () => {
  it('has the old one back after a power cut at any write, and says so once', async () => {
    const cuts = await cutEverywhere(() => new PowerCutBench('lightweight', false));
    expect(cuts.filter((cut) => !isGood(cut, 7, /^[12]: 8, 8$/))).toEqual([]);
    expect(cuts.length).toBeGreaterThan(60);
  }, 300_000);
});
