import { HeightSignal } from '../../../../network/src/embedded/ledger/height-signal.ts';

describe('HeightSignal', () => {
  it('wakes those whose block has come', async () => {
    const signal = new HeightSignal();
    const { signal: never } = new AbortController();
    const reached: number[] = [];
    const waiting = [0, 2].map(async (number) => {
      await signal.reach(number, never);
      reached.push(number);
    });
    signal.raise(1);
    await waiting[0];
    expect(reached).toEqual([0]);
    signal.raise(2);
    signal.raise(3);
    await waiting[1];
    expect(reached).toEqual([0, 2]);
  });

  it('rejects with the reason of the one who waits', async () => {
    const signal = new HeightSignal();
    const controller = new AbortController();
    const waiting = signal.reach(5, controller.signal);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await expect(signal.reach(5, controller.signal)).rejects.toThrow('left');
  });
});
