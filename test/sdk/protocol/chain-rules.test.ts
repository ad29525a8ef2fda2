import { chooseChainIndex } from '@lamplighter/sdk/protocol';

const N = 4096;

describe('chooseChainIndex', () => {
  it.each([
    ['the first session', 0, 0, { index: 1 }],
    ['the next session', 7, 7, { index: 8 }],
    ['a lost Accept: one is skipped', 7, 8, { index: 9 }],
    ['511 lost ones: the farthest', 0, 511, { index: 512 }],
    ['512 lost ones: a value sent before', 0, 512, { index: 512, alarm: 'chain-behind' }],
    ['a device that fell far behind', 10, 3000, { index: 522, alarm: 'chain-behind' }],
    ['a device far behind a chain at its end', 0, N, { index: 512, alarm: 'chain-behind' }],
    ['the reserve begins', N - 257, N - 257, { index: N - 256, alarm: 'chain-low' }],
    ['before the reserve', N - 258, N - 258, { index: N - 257 }],
    ['the last', N - 1, N - 1, { index: N, alarm: 'chain-low' }],
  ])('%s', (_, k, highestSent, choice) => {
    expect(chooseChainIndex(k, highestSent, N)).toEqual(choice);
  });

  it.each([
    ['an index never sent', 5, 4, { reason: 'CHAIN_INDEX_AHEAD', alarm: 'chain-ahead' }],
    ['the end', N, N, { reason: 'CHAIN_EXHAUSTED', alarm: 'chain-exhausted' }],
    [
      'the end, D within S_max of it',
      N - 511,
      N,
      { reason: 'CHAIN_EXHAUSTED', alarm: 'chain-exhausted' },
    ],
  ])('refuses %s', (_, k, highestSent, refusal) => {
    expect(chooseChainIndex(k, highestSent, N)).toEqual(refusal);
  });

  it('shows the last value again to a device that is exactly S_max behind the end', () => {
    expect(chooseChainIndex(N - 512, N, N)).toEqual({ index: N, alarm: 'chain-behind' });
  });

  it('never shows more than one beyond what was sent, nor beyond the end or S_max', () => {
    for (let k = 0; k <= 600; k += 37) {
      for (let highestSent = k; highestSent <= 700; highestSent += 13) {
        const { index } = chooseChainIndex(k, highestSent, 700);
        expect(index ?? highestSent).toBeLessThanOrEqual(Math.min(highestSent + 1, 700, k + 512));
      }
    }
  });
});
