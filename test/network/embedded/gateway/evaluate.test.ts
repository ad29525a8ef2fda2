import { status } from '@grpc/grpc-js';
import { gateway, peer } from '@hyperledger/fabric-protos';

import { ChannelView } from '../../../../network/src/embedded/discovery/channel-view.ts';
import { LayoutFinder } from '../../../../network/src/embedded/discovery/layouts.ts';
import { EmbeddedError } from '../../../../network/src/embedded/errors.ts';
import { evaluate } from '../../../../network/src/embedded/gateway/evaluate.ts';
import { Targets } from '../../../../network/src/embedded/gateway/targets.ts';
import type { Neighbour } from '../../../../network/src/embedded/peer/neighbour.ts';
import { common } from '@hyperledger/fabric-protos';
import { endorsement, newNeighbour, response, type FakeNeighbour } from '../neighbours.ts';
import { newDraft, type ProposalFields } from '../raw-client.ts';

const SIGNER = {
  mspId: 'A',
  identity: Buffer.from('client'),
  sign: (message: Uint8Array): Uint8Array => message,
};
const ALIVE = new AbortController().signal;

function request(
  fields: Partial<ProposalFields> = {},
  organisations: readonly string[] = [],
): Uint8Array {
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(newDraft(SIGNER, { args: ['Get', 'x'], ...fields }).proposal);
  const message = new gateway.EvaluateRequest();
  message.setProposedTransaction(signed);
  message.setTargetOrganizationsList([...organisations]);
  return message.serializeBinary();
}

function targetsOf(own: Neighbour, ...others: readonly Neighbour[]): Targets {
  const finder = new LayoutFinder('city', new ChannelView(new common.ConfigGroup()), []);
  return new Targets({ channel: 'city', own, neighbours: [...others, own], finder });
}

const answering = (mspId: string, more: Partial<Neighbour> = {}): FakeNeighbour =>
  newNeighbour(mspId, () => endorsement('result', mspId), more);
const without = { chaincodes: () => Promise.resolve(new Map()) };

describe('evaluate', () => {
  it('asks the own peer, however much higher others are', async () => {
    const [own, other] = [answering('A'), answering('B', { height: 100 })];
    await evaluate(request(), ALIVE, targetsOf(own, other));
    expect(own.asked).toHaveBeenCalledTimes(1);
    expect(other.asked).not.toHaveBeenCalled();
  });

  it('asks the highest of the others when the own organisation has none', async () => {
    const [low, high] = [answering('B', { height: 3 }), answering('C', { height: 4 })];
    await evaluate(request(), ALIVE, targetsOf(answering('A', without), low, high));
    expect(high.asked).toHaveBeenCalledTimes(1);
    expect(low.asked).not.toHaveBeenCalled();
  });

  it('asks the organisations that the client names only', async () => {
    const [own, other] = [answering('A'), answering('B')];
    await evaluate(request({}, ['B']), ALIVE, targetsOf(own, other));
    expect(other.asked).toHaveBeenCalledTimes(1);
    expect(own.asked).not.toHaveBeenCalled();
  });

  it('asks another peer when one could not run the chaincode', async () => {
    const own = newNeighbour('A', () => response(500, 'no connection'));
    const other = answering('B');
    await evaluate(request(), ALIVE, targetsOf(own, other));
    expect(other.asked).toHaveBeenCalledTimes(1);
  });

  it('leaves out a peer that has stopped', async () => {
    const [own, other] = [answering('A', { alive: false }), answering('B')];
    await evaluate(request(), ALIVE, targetsOf(own, other));
    expect(own.asked).not.toHaveBeenCalled();
  });

  it('fails with the answers of all when nobody could', async () => {
    const own = newNeighbour('A', () => response(500, 'no connection'));
    const full = newNeighbour('B', () => {
      throw new EmbeddedError('BUSY', 'too many requests');
    });
    await expect(evaluate(request(), ALIVE, targetsOf(own, full))).rejects.toMatchObject({
      code: 'CALL_FAILED',
      status: status.UNAVAILABLE,
      message: 'failed to evaluate transaction, see attached details for more info',
      details: [
        { address: 'A:7051', mspId: 'A', message: 'no connection' },
        { address: 'B:7051', mspId: 'B', message: 'too many requests' },
      ],
    });
  });

  it.each([
    ['refused', new EmbeddedError('ACCESS_DENIED', 'access denied'), status.FAILED_PRECONDITION],
    ['malformed', new EmbeddedError('MESSAGE_MALFORMED', 'bad'), status.FAILED_PRECONDITION],
  ])('asks nobody else about a proposal that is %s', async (_name, error, code) => {
    const own = newNeighbour('A', () => {
      throw error;
    });
    const other = answering('B');
    await expect(evaluate(request(), ALIVE, targetsOf(own, other))).rejects.toMatchObject({
      status: code,
      message: `evaluate call to endorser returned error: ${error.message}`,
    });
    expect(other.asked).not.toHaveBeenCalled();
  });

  it('asks nobody else about an error of the chaincode', async () => {
    const own = newNeighbour('A', () => response(404, 'no such lamp'));
    const other = answering('B');
    await expect(evaluate(request(), ALIVE, targetsOf(own, other))).rejects.toMatchObject({
      status: status.UNKNOWN,
      details: [{ mspId: 'A', message: 'chaincode response 404, no such lamp' }],
    });
    expect(other.asked).not.toHaveBeenCalled();
  });

  it('keeps transient data in the own organisation', async () => {
    const other = answering('B');
    const targets = targetsOf(answering('A', without), other);
    const secret = { transient: { secret: 'x' } };
    await expect(evaluate(request(secret), ALIVE, targets)).rejects.toMatchObject({
      status: status.FAILED_PRECONDITION,
      message: expect.stringContaining('retry specifying target organization(s)') as string,
    });
    expect(other.asked).not.toHaveBeenCalled();
    await evaluate(request(secret, ['B']), ALIVE, targets);
    expect(other.asked).toHaveBeenCalledTimes(1);
  });

  it('lets system chaincodes be asked of every peer', async () => {
    const own = answering('A', without);
    await evaluate(request({ chaincode: 'qscc' }), ALIVE, targetsOf(own));
    expect(own.asked).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'no proposal',
      new gateway.EvaluateRequest().serializeBinary(),
      'a signed proposal is required',
    ],
    ['no channel', request({ channel: '' }), 'no channel id provided'],
    ['no chaincode', request({ chaincode: '' }), 'no chaincode name is provided'],
  ])('refuses a request with %s', async (_name, message, reason) => {
    await expect(evaluate(message, ALIVE, targetsOf(answering('A')))).rejects.toMatchObject({
      status: status.INVALID_ARGUMENT,
      message: expect.stringContaining(
        `failed to unpack transaction proposal: ${reason}`,
      ) as string,
    });
  });

  it('refuses a proposal that does not parse', async () => {
    const signed = new peer.SignedProposal();
    signed.setProposalBytes(Buffer.from('ffffffff', 'hex'));
    const message = new gateway.EvaluateRequest();
    message.setProposedTransaction(signed);
    const refused = evaluate(message.serializeBinary(), ALIVE, targetsOf(answering('A')));
    await expect(refused).rejects.toMatchObject({ status: status.INVALID_ARGUMENT });
  });

  it('asks nobody when the client has gone', async () => {
    const own = answering('A');
    const gone = AbortSignal.abort(new EmbeddedError('CLOSED', 'the stream has ended'));
    await expect(evaluate(request(), gone, targetsOf(own))).rejects.toMatchObject({
      code: 'CLOSED',
    });
    expect(own.asked).not.toHaveBeenCalled();
  });
});
