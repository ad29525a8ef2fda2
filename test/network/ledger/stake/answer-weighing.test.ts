import fc from 'fast-check';

import type { ProposalAnswer } from '../../../../network/src/ledger/proposal-answer.ts';
import {
  weighAnswers,
  type PeerAnswer,
  type Weighed,
} from '../../../../network/src/ledger/stake/answer-weighing.ts';
import { StakePolicy } from '../../../../network/src/ledger/stake/stake-policy.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const POLICY = new StakePolicy(
  aTable([aHolder('AMSP', 45), aHolder('BMSP', 30), aHolder('CMSP', 25)]),
);
const WRITES = 'StatusLog:ReportStatuses';

const answer = (mspId: string, payload: string): PeerAnswer => {
  const bytes = Buffer.from(payload);
  const endorsement = { endorser: Buffer.from(mspId), signature: Buffer.from('s') };
  const response: ProposalAnswer['response'] = { status: 200, message: '', payload: bytes };
  return { mspId, answer: { connection: { name: mspId }, response, payload: bytes, endorsement } };
};
const refusal = (mspId: string): PeerAnswer => ({
  mspId,
  answer: {
    connection: { name: mspId },
    response: { status: 500, message: 'DEVICE_NOT_FOUND: x', payload: Buffer.from('') },
    payload: Buffer.from(''),
  },
});
const weigh = (transaction: string, ...answers: PeerAnswer[]): Weighed =>
  weighAnswers(POLICY, transaction, answers);
const textOf = ({ answer }: PeerAnswer): string => Buffer.from(answer.payload).toString();
const chosen = (weighed: Weighed): readonly string[] =>
  weighed.kind === 'endorsed' ? weighed.answers.map(({ mspId }) => mspId) : [];

describe('weighing of answers', () => {
  it('takes the group that passes, whatever came first', () => {
    const weighed = weigh(WRITES, answer('CMSP', 'x'), answer('AMSP', 'y'), answer('BMSP', 'y'));
    expect(chosen(weighed)).toEqual(['AMSP', 'BMSP']);
  });

  it('does not count an organisation twice', () => {
    expect(weigh(WRITES, answer('AMSP', 'y'), answer('AMSP', 'y')).kind).toBe('lacking');
  });

  it('tells when only the validator is missing', () => {
    const weighed = weigh(WRITES, answer('AMSP', 'x'), answer('BMSP', 'y'), answer('CMSP', 'y'));
    expect(weighed).toMatchObject({
      kind: 'lacking',
      groups: 2,
      withoutValidator: [{ mspId: 'BMSP' }, { mspId: 'CMSP' }],
    });
    const without = weigh('Stake:ReportMisconduct', answer('BMSP', 'y'), answer('CMSP', 'y'));
    expect(chosen(without)).toEqual(['BMSP', 'CMSP']);
  });

  it.each([
    ['by the threshold', [refusal('BMSP'), refusal('CMSP'), answer('AMSP', 'y')], 'refused'],
    ['by all', [refusal('AMSP'), refusal('BMSP'), refusal('CMSP')], 'refused'],
    ['by one', [refusal('CMSP'), answer('AMSP', 'y'), answer('BMSP', 'y')], 'endorsed'],
    [
      'by the validator alone',
      [refusal('AMSP'), answer('BMSP', 'y'), answer('CMSP', 'y')],
      'lacking',
    ],
    ['by one so far', [refusal('AMSP')], 'lacking'],
  ])('knows a refusal %s', (_, answers, kind) => {
    expect(weigh(WRITES, ...answers).kind).toBe(kind);
  });

  it('chooses only what peers will find valid, and never misses it', () => {
    const organisations = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP'];
    const policy = new StakePolicy(
      aTable(
        organisations.map((mspId, index) => aHolder(mspId, 10 + index, { barred: index === 4 })),
        { previous: 'CMSP' },
      ),
    );
    const anyAnswer = fc
      .tuple(fc.constantFrom(...organisations, 'ForeignMSP'), fc.constantFrom('x', 'y', null))
      .map(([mspId, payload]) => (payload === null ? refusal(mspId) : answer(mspId, payload)));
    fc.assert(
      fc.property(fc.array(anyAnswer, { maxLength: 10 }), (answers) => {
        const weighed = weighAnswers(policy, WRITES, answers);
        const valid = ['x', 'y'].filter((payload) => {
          const group = answers.filter((one) => textOf(one) === payload);
          return (
            policy.judge(
              WRITES,
              group.map(({ mspId }) => mspId),
            ) === 'VALID'
          );
        });
        // One that answers twice may stand in two groups: either is valid then.
        expect(valid.length > 0).toBe(weighed.kind === 'endorsed');
        const chosen = weighed.kind === 'endorsed' ? weighed.answers.map(textOf) : [];
        expect(new Set(chosen).size).toBeLessThan(2);
        expect(chosen.every((payload) => valid.some((one) => one === payload))).toBe(true);
      }),
    );
  });
});
