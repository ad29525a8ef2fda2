import fc from 'fast-check';
import { ContractError } from '../../../chaincode/src/errors.ts';
import { elect } from '../../../chaincode/src/stake/election.ts';
import { decodeStakeTable, encodeStakeTable } from '../../../chaincode/src/stake/table.ts';
import { judgeByStake, type StakeTable } from '../../../chaincode/src/stake/index.ts';
import {
  bar,
  burn,
  burnedShares,
  comeBack,
  foundTable,
  holderOf,
  liftBar,
  reissueShares,
  skipValidator,
  transferShares,
} from '../../../chaincode/src/stake/shares.ts';

const HALF = { num: 1n, den: 2n };
const NAMES = ['AMSP', 'BMSP', 'CMSP', 'DMSP'];
const found = (...amounts: readonly number[]): StakeTable =>
  foundTable({
    epochSeconds: 60,
    threshold: HALF,
    cap: HALF,
    shares: new Map(amounts.map((amount, index) => [NAMES[index] ?? '', BigInt(amount)])),
  });

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ContractError) return error.code;
    throw error;
  }
  return 'accepted';
}

const sale = (
  seller: string,
  buyer: string,
  shares: number,
): Parameters<typeof transferShares>[1] => ({
  seller,
  buyer,
  shares: BigInt(shares),
});

describe('founding', () => {
  it('issues the shares, and has a validator at once', () => {
    const table = found(45, 30, 25);
    expect(table.issued).toBe(100n);
    expect(table.validator).toBe('AMSP');
    expect(decodeStakeTable(encodeStakeTable(table))).toEqual(table);
  });

  it('refuses an organisation with half of the shares', () => {
    expect(codeOf(() => found(50, 30, 20))).toBe('STAKE_CAP_REACHED');
  });
});

describe('a sale', () => {
  it('moves shares', () => {
    const table = transferShares(found(45, 30, 25), sale('AMSP', 'CMSP', 5));
    expect(holderOf(table, 'AMSP').shares).toBe(40n);
    expect(holderOf(table, 'CMSP').shares).toBe(30n);
  });

  it('lets a new organisation in', () => {
    const table = transferShares(found(45, 30, 25), sale('AMSP', 'DMSP', 5));
    expect(holderOf(table, 'DMSP')).toMatchObject({ shares: 5n, coinAge: 0n, barred: false });
    expect(table.organisations.map(({ mspId }) => mspId)).toEqual(NAMES);
  });

  it.each([
    ['more than is held', sale('CMSP', 'BMSP', 26), 'STAKE_SHARES_MISSING'],
    ['what reaches the cap', sale('CMSP', 'BMSP', 20), 'STAKE_CAP_REACHED'],
    ['of one without stake', sale('DMSP', 'BMSP', 1), 'STAKE_HOLDER_NOT_FOUND'],
  ])('refuses %s', (_, wanted, code) => {
    expect(codeOf(() => transferShares(found(45, 30, 25), wanted))).toBe(code);
  });

  it.each(['AMSP', 'CMSP'])('refuses when %s is barred', (mspId) => {
    const table = bar(found(45, 30, 25), mspId);
    expect(codeOf(() => transferShares(table, sale('AMSP', 'CMSP', 1)))).toBe('STAKE_BARRED');
  });
});

describe('a burn', () => {
  const table = burn(found(45, 30, 25), 'AMSP');

  it('takes shares and voice, and the office of the validator', () => {
    expect(holderOf(table, 'AMSP')).toMatchObject({ shares: 0n, barred: true });
    expect(table.validator).toBe('BMSP');
    expect(burnedShares(table)).toBe(45n);
  });

  it('makes nobody’s part larger', () => {
    const judge = (endorsers: readonly string[]): string =>
      judgeByStake({
        table: encodeStakeTable(table),
        channel: NAMES,
        transaction: 'StatusLog:ReportStatus',
        writes: [],
        writesElsewhere: false,
        endorsers,
      });
    expect(judge(['BMSP'])).toBe('STAKE_TOO_SMALL');
    expect(judge(['BMSP', 'CMSP'])).toBe('VALID');
  });

  it('can be issued again, to others', () => {
    const issued = reissueShares(table, new Map([['CMSP', 20n]]));
    expect(holderOf(issued, 'CMSP').shares).toBe(45n);
    expect(burnedShares(issued)).toBe(25n);
    expect(codeOf(() => reissueShares(table, new Map([['CMSP', 46n]])))).toBe(
      'STAKE_SHARES_MISSING',
    );
    expect(codeOf(() => reissueShares(table, new Map([['CMSP', 25n]])))).toBe('STAKE_CAP_REACHED');
    expect(codeOf(() => reissueShares(table, new Map([['AMSP', 1n]])))).toBe('STAKE_BARRED');
  });
});

describe('standing', () => {
  it('is lost by a bar and got back when it is lifted', () => {
    const barred = bar(found(45, 30, 25), 'BMSP');
    expect(holderOf(barred, 'BMSP')).toMatchObject({ shares: 30n, barred: true });
    expect(holderOf(liftBar(barred, 'BMSP'), 'BMSP').barred).toBe(false);
    expect(codeOf(() => liftBar(barred, 'CMSP'))).toBe('STAKE_NOT_BARRED');
  });

  it('of a previous validator that is barred is gone at once', () => {
    const table = elect(elect(found(45, 30, 25), 1), 2);
    expect(table.previous).not.toBe('');
    expect(bar(table, table.previous).previous).toBe('');
  });

  it('is passed over when it does not answer, until it returns', () => {
    const skipped = skipValidator(found(45, 30, 25));
    expect(holderOf(skipped, 'AMSP')).toMatchObject({ absent: true, skips: 1, shares: 45n });
    expect(skipped.validator).toBe('BMSP');
    expect(holderOf(comeBack(skipped, 'AMSP'), 'AMSP').absent).toBe(false);
    expect(codeOf(() => comeBack(skipped, 'BMSP'))).toBe('NOT_ABSENT');
  });
});

/** Whatever is asked for, in any order: what is refused changes nothing. */
type Act = (table: StakeTable) => StakeTable;
const mspId = fc.constantFrom(...NAMES);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ seller: mspId, buyer: mspId, shares: fc.bigInt(1n, 40n) }).map(
    (wanted): Act =>
      (table) =>
        transferShares(table, wanted),
  ),
  mspId.map(
    (one): Act =>
      (table) =>
        burn(table, one),
  ),
  mspId.map(
    (one): Act =>
      (table) =>
        bar(table, one),
  ),
  mspId.map(
    (one): Act =>
      (table) =>
        liftBar(table, one),
  ),
  mspId.map(
    (one): Act =>
      (table) =>
        comeBack(table, one),
  ),
  fc.constant<Act>((table) => skipValidator(table)),
  fc.constant<Act>((table) => elect(table, table.epoch + 1)),
  fc.tuple(mspId, fc.bigInt(1n, 40n)).map(
    ([one, amount]): Act =>
      (table) =>
        reissueShares(table, new Map([[one, amount]])),
  ),
);

function attempt(table: StakeTable, next: Act): StakeTable {
  try {
    return next(table);
  } catch (error) {
    if (error instanceof ContractError) return table;
    throw error;
  }
}

describe('in any order of acts', () => {
  it('totals are conserved, the cap is kept, the table can be read, and no barred one validates', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        let table = found(45, 30, 25);
        for (const next of acts) {
          table = attempt(table, next);
          const held = table.organisations.reduce((sum, { shares }) => sum + shares, 0n);
          expect(table.issued).toBe(100n);
          expect(held + burnedShares(table)).toBe(100n);
          expect(
            table.organisations.every(({ shares }) => shares >= 0n && 2n * shares < 100n),
          ).toBe(true);
          expect(decodeStakeTable(encodeStakeTable(table))).toEqual(table);
          for (const { mspId: one } of table.organisations.filter(({ barred }) => barred)) {
            expect([table.validator, table.previous]).not.toContain(one);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('nobody decides alone, nor does any half of the issued shares', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), fc.subarray(NAMES), (acts, endorsers) => {
        const table = acts.reduce(attempt, found(45, 30, 25));
        const verdict = judgeByStake({
          table: encodeStakeTable(table),
          channel: NAMES,
          transaction: 'Stake:ElectValidator',
          writes: ['stake:table'],
          writesElsewhere: false,
          endorsers,
        });
        const voices = table.organisations.filter(
          (holder) => endorsers.includes(holder.mspId) && !holder.barred,
        );
        const weight = voices.reduce((sum, { shares }) => sum + shares, 0n);
        const mayDecide = weight > 50n && voices.filter(({ shares }) => shares > 0n).length > 1;
        expect(verdict === 'VALID').toBe(mayDecide);
      }),
      { numRuns: 300 },
    );
  });
});
