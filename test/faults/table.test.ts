import { isClean, tableOf, type FaultRow } from './table.ts';

const ROW: FaultRow = {
  component: 'ledger',
  point: 'here',
  tries: 50,
  lost: 0,
  doubled: 0,
  unbootable: 0,
};

describe('the table of faults', () => {
  it('has a line for each row, with columns of equal width', () => {
    expect(tableOf([ROW, { ...ROW, component: 'device', tries: 5, lost: 1 }]).split('\n')).toEqual([
      'component  point  tries  lost  doubled  unbootable',
      'ledger     here      50     0        0           0',
      'device     here       5     1        0           0',
    ]);
  });

  it('tells the longest time between two commits where that was measured', () => {
    const row: FaultRow = { ...ROW, component: 'fabric', gapSeconds: 3.71 };
    expect(tableOf([row]).split('\n')).toEqual([
      'component  point  tries  lost  doubled  unbootable  longest gap s',
      'fabric     here      50     0        0           0            3.7',
    ]);
  });

  it.each(['lost', 'doubled', 'unbootable'] as const)('is not clean with anything %s', (name) => {
    expect(isClean([ROW])).toBe(true);
    expect(isClean([ROW, { ...ROW, [name]: 1 }])).toBe(false);
  });

  it('is not clean when nothing was tried', () => {
    expect(isClean([])).toBe(false);
    expect(isClean([ROW, { ...ROW, tries: 0 }])).toBe(false);
  });
});
