import { BlockCutter } from '../../../../network/src/embedded/orderer/cutter.ts';

const LIMITS = { maxMessageCount: 3, preferredMaxBytes: 10 };
const sizes = (batches: readonly (readonly Uint8Array[])[]): number[][] =>
  batches.map((batch) => batch.map(({ length }) => length));

/** Adds envelopes of these sizes; returns what was cut after each. */
function cuts(...lengths: readonly number[]): { cut: number[][][]; rest: number[] } {
  const cutter = new BlockCutter(LIMITS);
  const cut = lengths.map((length) => sizes(cutter.add(new Uint8Array(length))));
  return { cut, rest: cutter.cut().map(({ length }) => length) };
}

describe('BlockCutter', () => {
  it('cuts by count', () => {
    expect(cuts(1, 1, 1, 1)).toEqual({ cut: [[], [], [[1, 1, 1]], []], rest: [1] });
  });

  it('cuts before an envelope that does not fit', () => {
    expect(cuts(6, 4, 1)).toEqual({ cut: [[], [], [[6, 4]]], rest: [1] });
  });

  it('gives a large envelope a block of its own, after what waited', () => {
    expect(cuts(2, 11, 3)).toEqual({ cut: [[], [[2], [11]], []], rest: [3] });
    expect(cuts(11)).toEqual({ cut: [[[11]]], rest: [] });
  });

  it('knows whether something waits', () => {
    const cutter = new BlockCutter(LIMITS);
    expect([cutter.isPending, cutter.cut()]).toEqual([false, []]);
    cutter.add(new Uint8Array(1));
    expect(cutter.isPending).toBe(true);
    cutter.cut();
    expect(cutter.isPending).toBe(false);
  });
});
