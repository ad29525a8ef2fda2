import { common } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

import {
  encodeStakeTable,
  judgeByStake,
  STAKE_ONLY,
  type StakeTable,
} from '../../../chaincode/src/stake/index.ts';
import { signaturePolicyEvaluator } from '../../../network/src/embedded/policies.ts';
import {
  coalitionsOf,
  MAX_VOICES,
  policyText,
  readCoalitions,
  sameCoalitions,
  signaturePolicyOf,
} from '../../../network/src/fabric/coalitions.ts';
import { aHolder, aTable } from '../../chaincode/stake/tables.ts';

const NAMES = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP', 'FMSP'];

/** Some barred, some without shares, some shares burned; any threshold from one half. */
const tables = fc
  .record({
    shares: fc.array(fc.oneof(fc.constantFrom(0, 1, 50), fc.nat(100)), {
      minLength: 1,
      maxLength: NAMES.length,
    }),
    barred: fc.array(fc.boolean(), { minLength: NAMES.length, maxLength: NAMES.length }),
    burned: fc.oneof(fc.constant(0), fc.nat(60)),
    num: fc.integer({ min: 10, max: 19 }),
  })
  .map(({ shares, barred, burned, num }): StakeTable => {
    const holders = shares.map((amount, index) =>
      aHolder(NAMES[index]!, amount, { barred: barred[index]! }),
    );
    const held = shares.reduce((sum, amount) => sum + amount, 0);
    return aTable(holders, {
      issued: BigInt(held + burned),
      threshold: { num: BigInt(num), den: 20n },
    });
  });

/** By the rule of stake, where no validator is asked for. */
function decides(table: StakeTable, endorsers: readonly string[]): boolean {
  const verdict = judgeByStake({
    table: encodeStakeTable(table),
    channel: NAMES,
    transaction: STAKE_ONLY[0]!,
    writes: [],
    writesElsewhere: false,
    endorsers,
  });
  return verdict === 'VALID';
}

const subsets: readonly (readonly string[])[] = Array.from(
  { length: 2 ** NAMES.length },
  (_, mask) => NAMES.filter((_name, index) => (mask >> index) % 2 === 1),
);
const peers = (mspIds: readonly string[]): { mspId: string; role: 'peer'; fingerprint: string }[] =>
  mspIds.map((mspId) => ({ mspId, role: 'peer', fingerprint: mspId }));

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('coalitions', () => {
  it('decide as the rule of stake, validator aside', () => {
    fc.assert(
      fc.property(tables, (table) => {
        fc.pre(decides(table, NAMES));
        const met = signaturePolicyEvaluator(signaturePolicyOf(coalitionsOf(table)));
        for (const subset of subsets) {
          expect([subset, met(peers(subset))]).toEqual([subset, decides(table, subset)]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are none where nobody decides', () => {
    fc.assert(
      fc.property(tables, (table) => {
        fc.pre(!decides(table, NAMES));
        expect(() => coalitionsOf(table)).toThrow(coded('NO_COALITION'));
      }),
      { numRuns: 50 },
    );
  });

  it('have nobody in them that could be spared', () => {
    fc.assert(
      fc.property(tables, (table) => {
        fc.pre(decides(table, NAMES));
        const sets = coalitionsOf(table);
        expect(new Set(sets.map((set) => [...set].sort().join())).size).toBe(sets.length);
        for (const set of sets) {
          for (const spared of set) {
            expect(
              decides(
                table,
                set.filter((mspId) => mspId !== spared),
              ),
            ).toBe(false);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are written as the peer command takes them', () => {
    const table = aTable([aHolder('AMSP', 45), aHolder('BMSP', 30), aHolder('CMSP', 25)]);
    expect(policyText(coalitionsOf(table))).toBe(
      "OR(AND('AMSP.peer','BMSP.peer'),AND('AMSP.peer','CMSP.peer'),AND('BMSP.peer','CMSP.peer'))",
    );
    const barred = aTable([
      aHolder('AMSP', 45),
      aHolder('BMSP', 30, { barred: true }),
      aHolder('CMSP', 25),
    ]);
    expect(policyText(coalitionsOf(barred))).toBe("OR(AND('AMSP.peer','CMSP.peer'))");
  });

  it('refuse more organisations than a policy can hold', () => {
    const holders = (count: number): StakeTable =>
      aTable(Array.from({ length: count }, (_, index) => aHolder(`Org${index + 10}MSP`, 1)));
    expect(coalitionsOf(holders(MAX_VOICES))).toHaveLength(210);
    expect(() => coalitionsOf(holders(MAX_VOICES + 1))).toThrow(coded('TOO_MANY_ORGANISATIONS'));
  });

  it('are read back, in whichever order they stand', () => {
    fc.assert(
      fc.property(tables, (table) => {
        fc.pre(decides(table, NAMES));
        const sets = coalitionsOf(table);
        const read = readCoalitions(signaturePolicyOf([...sets].reverse()))!;
        expect(sameCoalitions(read, sets)).toBe(true);
        expect(sameCoalitions(read, [...sets, ['ZMSP']])).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('are not read from other policies', () => {
    expect(readCoalitions(new common.SignaturePolicyEnvelope())).toBeUndefined();
    const policy = signaturePolicyOf([
      ['AMSP', 'BMSP'],
      ['CMSP', 'BMSP'],
    ]);
    policy.getRule()!.getNOutOf()!.setN(2);
    expect(readCoalitions(policy)).toBeUndefined();
    const one = signaturePolicyOf([['AMSP', 'BMSP']]);
    one.getRule()!.getNOutOf()!.getRulesList()[0]!.getNOutOf()!.setN(1);
    expect(readCoalitions(one)).toBeUndefined();
    const unnamed = signaturePolicyOf([['AMSP', 'BMSP']]);
    unnamed.setIdentitiesList([]);
    expect(readCoalitions(unnamed)).toBeUndefined();
  });
});
