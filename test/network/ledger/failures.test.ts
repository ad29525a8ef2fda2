import { agreeing } from '../../../network/src/ledger/endorsements.ts';
import { broadcastFailure, errorOfTransport } from '../../../network/src/ledger/failures.ts';
import { contractCodeOf } from '../../../network/src/ledger/index.ts';
import type { ProposalAnswer } from '../../../network/src/ledger/proposal-answer.ts';
import { codeOf } from '../code-of.ts';

const response = (peer: string, payload: string, status = 200, message = ''): ProposalAnswer => {
  const endorsed = { endorser: Buffer.from(peer), signature: Buffer.from('s') };
  return {
    connection: { name: peer },
    response: { status, message, payload: Buffer.from(payload) },
    payload: Buffer.from(payload),
    ...(status < 400 ? { endorsement: endorsed } : {}),
  };
};
const refusal = (peer: string): ProposalAnswer =>
  response(peer, '', 500, 'DEVICE_NOT_FOUND: nothing stands under device:x');
const names = (responses: readonly ProposalAnswer[]): string[] =>
  responses.map(({ connection }) => connection.name);

describe('code of a contract', () => {
  it.each([
    ['DEVICE_NOT_FOUND: no device', 'DEVICE_NOT_FOUND'],
    ['transaction returned with failure: Error: DEVICE_NOT_FOUND: no device', 'DEVICE_NOT_FOUND'],
    ['error in simulation: "RELEASE_EXISTS: again"', 'RELEASE_EXISTS'],
    ['A message without one', undefined],
    ['ABORTED: by gRPC', undefined],
    ['lower_case: no', undefined],
  ])('is taken out of "%s"', (text, code) => {
    expect(contractCodeOf(text)).toBe(code);
  });
});

describe('grouping of endorsements', () => {
  it('takes all that agree', () => {
    const all = ['a', 'b', 'c'].map((peer) => response(peer, 'same'));
    expect(agreeing(all, 'tx')).toEqual(all);
  });

  it('leaves out the one that differs, also when it came first', () => {
    const chosen = agreeing([response('liar', 'x'), response('b', 'y'), response('c', 'y')], 'tx');
    expect(names(chosen)).toEqual(['b', 'c']);
  });

  it('leaves out a refusal of few', () => {
    const chosen = agreeing([refusal('a'), response('b', 'y'), response('c', 'y')], 'tx');
    expect(names(chosen)).toEqual(['b', 'c']);
  });

  it.each<[string, ProposalAnswer[], string]>([
    ['refusals by most', [refusal('a'), refusal('b'), response('c', 'y')], 'DEVICE_NOT_FOUND'],
    ['a refusal by half', [refusal('a'), response('b', 'y')], 'DEVICE_NOT_FOUND'],
    ['nothing but refusals', [refusal('a')], 'DEVICE_NOT_FOUND'],
    ['a refusal without a code', [response('a', '', 500, 'stream broke')], 'CONTRACT_FAILED'],
    ['two groups alike', [response('a', 'x'), response('b', 'y')], 'ENDORSEMENTS_DIFFER'],
    ['no answer', [], 'UNAVAILABLE'],
  ])('fails with %s', async (_, responses, code) => {
    expect(await codeOf(() => agreeing(responses, 'tx'))).toBe(code);
  });
});

describe('answers of orderers', () => {
  const status = (name: string, info = ''): { kind: 'status'; status: string; info: string } => ({
    kind: 'status',
    status: name,
    info,
  });
  const broken = { kind: 'error' as const, error: new Error('SERVICE UNAVAILABLE') };

  it.each([
    ['one took it', [status('SUCCESS')]],
    [
      'one of four took it',
      [broken, status('SERVICE_UNAVAILABLE', 'no leader'), status('SUCCESS')],
    ],
    ['one has it already', [broken, status('SERVICE_UNAVAILABLE', 'request already exists')]],
  ])('are good when %s', (_, outcomes) => {
    expect(broadcastFailure(outcomes, 'tx')).toBeUndefined();
  });

  it.each([
    ['refused', [status('FORBIDDEN', 'creator')], 'ORDERER_REFUSED', false],
    ['without a leader', [status('SERVICE_UNAVAILABLE', 'no leader')], 'UNAVAILABLE', true],
    ['cut off', [broken, broken], 'UNAVAILABLE', true],
    ['none', [], 'UNAVAILABLE', true],
  ])('tell when it is %s', (_, outcomes, code, maybeOrdered) => {
    const failure = broadcastFailure(outcomes, 'tx');
    expect(failure).toMatchObject({ code, maybeOrdered, transactionId: 'tx' });
  });
});

describe('peers without an answer', () => {
  it.each([
    [[], 'UNAVAILABLE'],
    [[new Error('14 UNAVAILABLE')], 'UNAVAILABLE'],
    [[new Error('REQUEST TIMEOUT')], 'TIMEOUT'],
    [[new Error('REQUEST TIMEOUT'), new Error('14 UNAVAILABLE')], 'UNAVAILABLE'],
  ])('%j are %s', (errors, code) => {
    expect(errorOfTransport(errors, 'tx').code).toBe(code);
  });
});
