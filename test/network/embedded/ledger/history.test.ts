import { MemoryHistory } from '../../../../network/src/embedded/ledger/history.ts';

describe('MemoryHistory', () => {
  it('tells the writes of a key below a height, newest first', () => {
    const history = new MemoryHistory();
    [1, 2, 4].forEach((blockNumber) => {
      history.record('cc', 'key', { blockNumber, transactionNumber: 0 });
    });
    history.record('cc', 'other', { blockNumber: 3, transactionNumber: 1 });
    const numbers = (height: number): number[] =>
      history.positions('cc', 'key', height).map(({ blockNumber }) => blockNumber);
    expect(numbers(5)).toEqual([4, 2, 1]);
    expect(numbers(4)).toEqual([2, 1]);
    expect(history.positions('cc', 'none', 9)).toEqual([]);
    expect(history.positions('none', 'key', 9)).toEqual([]);
  });
});
