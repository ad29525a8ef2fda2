/** The rule as peers ask it, against the shared vectors, and the sets that clients are told of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { encodeStakeTable, judgeByStake } from '@lamplighter/chaincode/stake';
import fc from 'fast-check';

import { stakePolicy, stakeSets } from '../../../network/src/embedded/stake-policy.ts';
import { aHolder, aTable } from '../../chaincode/stake/tables.ts';

const VECTORS = join(__dirname, '../../vectors/stake-policy.json');

interface Case {
  readonly name: string;
  readonly table: string | null;
  readonly channel: readonly string[];
  readonly transaction: string;
  readonly writes: readonly string[];
  readonly writesElsewhere: boolean;
  readonly endorsers: readonly string[];
  readonly verdict: string;
}

const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: readonly Case[] };
const endorser = (mspId: string) => ({ mspId, role: 'peer', fingerprint: mspId }) as const;

it.each(cases)('$name: $verdict', (one) => {
  const table = one.table === null ? null : Buffer.from(one.table);
  const policy = stakePolicy({ table, mspIds: one.channel });
  const verdict = policy.evaluate(one.endorsers.map(endorser), () => ({
    transaction: one.transaction,
    keys: one.writes,
    elsewhere: one.writesElsewhere,
  }));
  expect(verdict.valid ? 'VALID' : verdict.reason.split(':')[0]).toBe(one.verdict);
});

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
const state = fc
  .record({
    shares: fc.array(fc.bigInt(0n, 100n), { minLength: NAMES.length, maxLength: NAMES.length }),
    barred: fc.array(fc.boolean(), { minLength: NAMES.length, maxLength: NAMES.length }),
    validator: fc.constantFrom('', ...NAMES),
    previous: fc.constantFrom('', ...NAMES),
  })
  .map(({ shares, barred, validator, previous }) =>
    encodeStakeTable(
      aTable(
        NAMES.map((name, index) => aHolder(name, shares[index]!, { barred: barred[index]! })),
        { validator, previous },
      ),
    ),
  );
const subsets: readonly (readonly string[])[] = Array.from(
  { length: 2 ** NAMES.length },
  (_, bits) => NAMES.filter((__, index) => (bits >> index) % 2 === 1),
);

describe('the sets of organisations that decide', () => {
  const decides = (table: Uint8Array | null, endorsers: readonly string[]): boolean =>
    judgeByStake({
      table,
      channel: NAMES,
      transaction: '',
      writes: [],
      writesElsewhere: false,
      endorsers,
    }) === 'VALID';
  const setsOf = (table: Uint8Array | null, most = 256): readonly (readonly string[])[] =>
    stakeSets({ table, mspIds: NAMES }, most).map((set) => [...set.keys()]);

  it('all decide, and whoever decides has one of them in it', () => {
    fc.assert(
      fc.property(fc.option(state), (table) => {
        const sets = setsOf(table);
        expect(sets.filter((set) => !decides(table, set))).toEqual([]);
        const covered = (subset: readonly string[]): boolean =>
          sets.some((set) => set.every((name) => subset.includes(name)));
        expect(subsets.filter((subset) => decides(table, subset) !== covered(subset))).toEqual([]);
      }),
    );
  });

  it('hold nobody that is not needed', () => {
    fc.assert(
      fc.property(state, (table) => {
        for (const set of setsOf(table)) {
          for (const name of set) {
            expect(
              decides(
                table,
                set.filter((other) => other !== name),
              ),
            ).toBe(false);
          }
        }
      }),
    );
  });

  it('are bounded, however many there are', () => {
    const many = Array.from({ length: 32 }, (_, index) => `Org${String(index).padStart(2, '0')}`);
    const table = encodeStakeTable(aTable(many.map((name) => aHolder(name, 1))));
    expect(stakeSets({ table, mspIds: many }, 256)).toHaveLength(256);
    expect(stakeSets({ table: null, mspIds: many }, 256)).toHaveLength(256);
    const none = encodeStakeTable(aTable(many.map((name) => aHolder(name, 1, { barred: true }))));
    expect(stakeSets({ table: none, mspIds: many }, 256)).toEqual([]);
  });

  it('start with the validator and the largest', () => {
    const table = encodeStakeTable(
      aTable([aHolder('A', 20), aHolder('B', 45), aHolder('C', 35)], { validator: 'A' }),
    );
    expect(setsOf(table)).toEqual([
      ['A', 'B'],
      ['A', 'C'],
    ]);
  });
});
