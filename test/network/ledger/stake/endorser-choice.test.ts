import fc from 'fast-check';

import {
  judgeByStake,
  encodeStakeTable,
  type StakeTable,
} from '../../../../chaincode/src/stake/index.ts';
import {
  chooseEndorsers,
  type Candidates,
} from '../../../../network/src/ledger/stake/endorser-choice.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const names = (table: StakeTable): string[] => table.organisations.map(({ mspId }) => mspId);
const verdict = (table: StakeTable, endorsers: readonly string[], transaction: string): string =>
  judgeByStake({
    table: encodeStakeTable(table),
    channel: [],
    transaction,
    writes: [],
    writesElsewhere: false,
    endorsers,
  });
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
};
const choose = (table: StakeTable, change: Partial<Candidates> = {}): readonly string[] =>
  chooseEndorsers(table, {
    available: new Set(names(table)),
    validatorNeeded: true,
    draw: random(7),
    ...change,
  }).required;

const holder = fc.record({
  shares: fc.integer({ min: 0, max: 1_000 }),
  coinAge: fc.bigInt({ min: -2_000n, max: 2_000n }),
  barred: fc.boolean(),
});
const anyTable = fc
  .record({
    holders: fc.array(holder, { minLength: 2, maxLength: 12 }),
    burned: fc.integer({ min: 0, max: 300 }),
    validator: fc.nat(11),
    previous: fc.nat(11),
    num: fc.integer({ min: 5, max: 9 }),
  })
  .map(({ holders, burned, validator, previous, num }) => {
    const organisations = holders.map(({ shares, coinAge, barred }, index) =>
      aHolder(`Org${String(index).padStart(2, '0')}MSP`, shares, { coinAge, barred }),
    );
    const held = organisations.reduce((sum, { shares }) => sum + shares, BigInt(burned));
    return aTable(organisations, {
      issued: held === 0n ? 1n : held,
      threshold: { num: BigInt(num), den: 10n },
      validator: organisations[validator]?.mspId ?? '',
      previous: organisations[previous]?.mspId ?? '',
    });
  });

describe('choice of endorsers', () => {
  it('passes whenever all that can be asked pass together, for any table', () => {
    fc.assert(
      fc.property(
        anyTable,
        fc.array(fc.nat(11)),
        fc.boolean(),
        fc.nat(),
        (table, away, validatorNeeded, seed) => {
          const all = names(table).filter((_, index) => !away.includes(index));
          const transaction = validatorNeeded ? 'StatusLog:ReportStatuses' : 'Stake:ElectValidator';
          const { required, spare } = chooseEndorsers(table, {
            available: new Set(all),
            validatorNeeded,
            draw: random(seed + 1),
          });
          expect(new Set([...required, spare]).size).toBe(required.length + 1);
          expect(required.every((mspId) => all.includes(mspId))).toBe(true);
          expect(verdict(table, required, transaction)).toBe(verdict(table, all, transaction));
        },
      ),
    );
  });

  it('asks nobody besides the validator who could be left out, but for one spare', () => {
    fc.assert(
      fc.property(anyTable, fc.nat(), (table, seed) => {
        const all = names(table);
        fc.pre(verdict(table, all, 'a:B') === 'VALID');
        const { required, spare } = chooseEndorsers(table, {
          available: new Set(all),
          validatorNeeded: true,
          draw: random(seed + 1),
        });
        for (const left of required.filter((mspId) => mspId !== table.validator)) {
          const rest = required.filter((mspId) => mspId !== left);
          expect(verdict(table, rest, 'a:B')).not.toBe('VALID');
        }
        const counted = table.organisations.filter(({ shares, barred }) => shares > 0n && !barred);
        expect(spare === undefined).toBe(required.length === counted.length);
      }),
    );
  });

  const even = aTable(['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => aHolder(`${name}MSP`, 10)));

  it('spreads the work: everybody is asked, the validator always', () => {
    const draw = random(3);
    const asked = new Map<string, number>();
    for (let round = 0; round < 700; round++) {
      for (const mspId of choose(even, { draw })) asked.set(mspId, (asked.get(mspId) ?? 0) + 1);
    }
    expect(asked.get('AMSP')).toBe(700);
    // Three of the six others each time.
    for (const mspId of names(even).slice(1)) {
      expect(asked.get(mspId)).toBeGreaterThan(250);
      expect(asked.get(mspId)).toBeLessThan(450);
    }
  });

  it('asks those more often who have earned more', () => {
    const richer = aTable(
      even.organisations.map((one) => (one.mspId === 'GMSP' ? { ...one, coinAge: 90n } : one)),
    );
    const draw = random(5);
    const rounds = Array.from({ length: 300 }, () => choose(richer, { draw }));
    expect(rounds.filter((asked) => asked.includes('GMSP')).length).toBeGreaterThan(230);
  });

  it('takes the validator before, when the validator can not be asked', () => {
    const table = { ...even, previous: 'CMSP' };
    const available = new Set(names(table).slice(1));
    for (let seed = 1; seed < 30; seed++) {
      expect(choose(table, { available, draw: random(seed) })).toContain('CMSP');
    }
  });

  it('needs no validator for what elects, skips or accuses it', () => {
    const table = aTable([aHolder('AMSP', 45), aHolder('BMSP', 30), aHolder('CMSP', 25)]);
    const available = new Set(['BMSP', 'CMSP']);
    expect(choose(table, { available, validatorNeeded: false })).toHaveLength(2);
  });
});
