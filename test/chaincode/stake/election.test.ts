/** Turns are proportional to shares: within one in every prefix, within two in every window (design §5; paper 3.5). */
import fc from 'fast-check';
import {
  elect,
  epochOf,
  isActive,
  replaceValidator,
  turnCost,
} from '../../../chaincode/src/stake/election.ts';
import type { StakeTable } from '../../../chaincode/src/stake/index.ts';
import { aHolder, aTable } from './tables.ts';

const EPOCHS = 150;

const name = (index: number): string => `Org${String(index).padStart(2, '0')}MSP`;

function validators(table: StakeTable, epochs: number): string[] {
  const elected: string[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    table = elect(table, epoch);
    elected.push(table.validator);
  }
  return elected;
}

/** No organisation has half of the shares, as the cap wants it. */
const shares = fc
  .array(fc.oneof(fc.bigInt(1n, 5n), fc.bigInt(1n, 1000n), fc.bigInt(1n, 2n ** 56n)), {
    minLength: 3,
    maxLength: 24,
  })
  .filter((amounts) => {
    const sum = amounts.reduce((total, amount) => total + amount, 0n);
    return amounts.every((amount) => 2n * amount < sum);
  });

/** Turns had minus turns due after each epoch, in parts of a whole turn times all shares. */
function lead(elected: readonly string[], mspId: string, own: bigint, all: bigint): bigint[] {
  let turns = 0n;
  return elected.map((validator, index) => {
    if (validator === mspId) turns += 1n;
    return turns * all - BigInt(index + 1) * own;
  });
}

describe('election by coin age', () => {
  it('is within one turn of proportional in every prefix, and within two in every window', () => {
    fc.assert(
      fc.property(shares, (amounts) => {
        const table = aTable(amounts.map((amount, index) => aHolder(name(index), amount)));
        const elected = validators(table, EPOCHS);
        for (const { mspId, shares: own } of table.organisations) {
          const leads = lead(elected, mspId, own, table.issued);
          const most = leads.reduce((one, two) => (one > two ? one : two), 0n);
          const least = leads.reduce((one, two) => (one < two ? one : two), 0n);
          expect(most).toBeLessThan(table.issued);
          expect(least).toBeGreaterThan(-table.issued);
          expect(most - least).toBeLessThan(2n * table.issued);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps within one turn where the highest coin age would not', () => {
    const amounts = [5, 2, 3, 5, 76, 5, 88, 1, 12, 1, 2, 1];
    const table = aTable(amounts.map((amount, index) => aHolder(name(index), amount)));
    const elected = validators(table, 402);
    const leads = table.organisations.flatMap(({ mspId, shares: own }) =>
      lead(elected, mspId, own, table.issued),
    );
    expect(leads.every((one) => one < table.issued && one > -table.issued)).toBe(true);
  });

  it('uses up as much coin age as an epoch earns', () => {
    const table = aTable([aHolder('A', 45), aHolder('B', 30), aHolder('C', 25)]);
    const elected = elect(elect(table, 7), 8);
    expect(turnCost(table)).toBe(100n);
    expect(elected.organisations.reduce((sum, { coinAge }) => sum + coinAge, 0n)).toBe(0n);
    expect(elected.epoch).toBe(8);
  });

  it('leaves the last validator in place for one epoch', () => {
    const table = aTable([aHolder('A', 40), aHolder('B', 35), aHolder('C', 25)]);
    const first = elect(table, 1);
    const second = elect(first, 2);
    expect(second.previous).toBe(first.validator);
    expect(second.validator).not.toBe(first.validator);
  });

  it.each([
    ['barred', { barred: true }],
    ['absent', { absent: true }],
    ['without shares', { shares: 0n }],
  ])('gives no turn and no coin age to one that is %s', (_, change) => {
    const table = aTable([aHolder('A', 40, change), aHolder('B', 35), aHolder('C', 25)]);
    const elected = elect(table, 1);
    expect(validators(table, 50)).not.toContain('A');
    expect(elected.organisations.find(({ mspId }) => mspId === 'A')?.coinAge).toBe(0n);
  });

  it('decides ties by a hash that no organisation chooses, alike everywhere', () => {
    const table = aTable(['A', 'B', 'C', 'D'].map((mspId) => aHolder(mspId, 25)));
    const first = Array.from({ length: 40 }, (_, epoch) => elect(table, epoch + 1).validator);
    expect(new Set(first).size).toBeGreaterThan(1);
    expect(Array.from({ length: 40 }, (_, epoch) => elect(table, epoch + 1).validator)).toEqual(
      first,
    );
  });

  it('calls the absent back when nobody else is left', () => {
    const absent = { absent: true };
    const table = aTable([aHolder('A', 40, absent), aHolder('B', 35, absent)]);
    const elected = elect(table, 1);
    expect(elected.validator).not.toBe('');
    expect(elected.organisations.filter(isActive)).toHaveLength(2);
  });

  it('has no validator when all shares are burned', () => {
    const table = aTable([aHolder('A', 0, { barred: true })], { issued: 10n });
    expect(elect(table, 1).validator).toBe('');
  });

  it('lets the next one take over within an epoch, for a turn that is paid for', () => {
    const table = elect(aTable([aHolder('A', 40), aHolder('B', 35), aHolder('C', 25)]), 1);
    const organisations = table.organisations.map((holder) =>
      holder.mspId === table.validator ? { ...holder, absent: true } : holder,
    );
    const replaced = replaceValidator({ ...table, organisations });
    expect(replaced.validator).not.toBe(table.validator);
    expect(replaced.previous).toBe('');
    expect(replaced.epoch).toBe(1);
    expect(replaced.organisations).toEqual(organisations);
  });

  it('counts epochs in whole spans of transaction time', () => {
    const table = aTable([aHolder('A', 1)], { epochSeconds: 60 });
    expect(epochOf(119, table)).toBe(1);
    expect(epochOf(120, table)).toBe(2);
  });
});
