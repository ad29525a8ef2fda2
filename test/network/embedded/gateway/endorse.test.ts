import { status } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';

import { channelGroup } from '../../../../network/src/embedded/channel-config.ts';
import { signaturePolicy } from '../../../../network/src/embedded/config-policies.ts';
import { ChannelView } from '../../../../network/src/embedded/discovery/channel-view.ts';
import { LayoutFinder } from '../../../../network/src/embedded/discovery/layouts.ts';
import { endorse } from '../../../../network/src/embedded/gateway/endorse.ts';
import { Targets } from '../../../../network/src/embedded/gateway/targets.ts';
import type { StateView } from '../../../../network/src/embedded/ledger/state.ts';
import type { Neighbour } from '../../../../network/src/embedded/peer/neighbour.ts';
import { newDefinition } from '../channels.ts';
import {
  endorsement,
  newChaincode,
  newNeighbour,
  response,
  type FakeNeighbour,
} from '../neighbours.ts';
import { newDraft, type ProposalFields } from '../raw-client.ts';

const NORTHLIGHT = 'NorthlightMSP';
const HELIOS = 'HeliosMSP';
const MERIDIAN = 'MeridianMSP';
const SIGNER = {
  mspId: NORTHLIGHT,
  identity: Buffer.from('client'),
  sign: (message: Uint8Array): Uint8Array => message,
};

function heliosOnly(): Uint8Array {
  const policy = new common.ApplicationPolicy();
  policy.setSignaturePolicy(signaturePolicy(1, [{ mspId: HELIOS, role: 'peer' }]));
  return policy.serializeBinary();
}

const DEFINITIONS = new Map(
  [newChaincode('features'), newChaincode('helios', heliosOnly())].map((definition) => [
    definition.name,
    definition,
  ]),
);
const installed = {
  definitions: () => Promise.resolve(DEFINITIONS),
  chaincodes: () => Promise.resolve(DEFINITIONS),
};
const without = { ...installed, chaincodes: () => Promise.resolve(new Map()) };

/** What every endorser signs here: a simulation that touched nothing. */
const PAYLOAD = new peer.ProposalResponsePayload().serializeBinary();

function good(mspId: string, more: Partial<Neighbour> = installed): FakeNeighbour {
  return newNeighbour(
    mspId,
    () => {
      const answer = endorsement('', mspId);
      answer.setPayload(PAYLOAD);
      return answer;
    },
    more,
  );
}

function request(
  fields: Partial<ProposalFields> = {},
  organisations: readonly string[] = [],
): Uint8Array {
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(newDraft(SIGNER, { args: ['Put'], ...fields }).proposal);
  const message = new gateway.EndorseRequest();
  message.setProposedTransaction(signed);
  message.setEndorsingOrganizationsList([...organisations]);
  return message.serializeBinary();
}

/** Who endorsed a prepared transaction. */
function endorsersIn(bytes: Uint8Array): readonly string[] {
  const envelope = gateway.EndorseResponse.deserializeBinary(bytes).getPreparedTransaction()!;
  expect(envelope.getSignature_asU8()).toHaveLength(0);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const content = peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8());
  expect(content.getAction()!.getProposalResponsePayload_asU8()).toEqual(PAYLOAD);
  return content
    .getAction()!
    .getEndorsementsList()
    .map((one) => Buffer.from(one.getEndorser_asU8()).toString())
    .sort();
}

describe('endorse', () => {
  let finder: LayoutFinder;

  beforeAll(async () => {
    finder = new LayoutFinder('city', new ChannelView(channelGroup(await newDefinition())), []);
  });

  const run = (
    message: Uint8Array,
    ...neighbours: [Neighbour, ...Neighbour[]]
  ): Promise<Uint8Array> =>
    endorse(message, {
      targets: new Targets({ channel: 'city', own: neighbours[0], neighbours, finder }),
      signal: new AbortController().signal,
      view: () => ({ release: () => undefined }) as unknown as StateView,
    });

  it('asks the own peer first, and one more for the majority', async () => {
    const peers = [good(NORTHLIGHT), good(HELIOS), good(MERIDIAN)] as const;
    const endorsers = endorsersIn(await run(request(), ...peers));
    expect(endorsers).toHaveLength(2);
    expect(endorsers).toContain(NORTHLIGHT);
    expect(peers.map(({ asked }) => asked.mock.calls.length).sort()).toEqual([0, 1, 1]);
  });

  it('takes another organisation in place of one that fails', async () => {
    const broken = newNeighbour(HELIOS, () => response(500, 'broken'), installed);
    const answer = await run(request(), good(NORTHLIGHT), broken, good(MERIDIAN));
    expect(endorsersIn(answer)).toEqual([MERIDIAN, NORTHLIGHT]);
  });

  it('leaves out the own peer where the policy does not know it', async () => {
    const answer = await run(request({ chaincode: 'helios' }), good(NORTHLIGHT), good(HELIOS));
    expect(endorsersIn(answer)).toEqual([HELIOS]);
  });

  it('starts with others when the own peer does not have the chaincode', async () => {
    const own = good(NORTHLIGHT, without);
    const answer = await run(request(), own, good(HELIOS), good(MERIDIAN));
    expect(endorsersIn(answer)).toEqual([HELIOS, MERIDIAN]);
    expect(own.asked).not.toHaveBeenCalled();
  });

  it('does not show transient data to others unasked', async () => {
    const others = [good(HELIOS), good(MERIDIAN)] as const;
    const secret = { transient: { secret: 'x' } };
    await expect(run(request(secret), good(NORTHLIGHT, without), ...others)).rejects.toMatchObject({
      status: status.FAILED_PRECONDITION,
      message: expect.stringContaining('retry specifying endorsing organization(s)') as string,
    });
    expect(others.every(({ asked }) => asked.mock.calls.length === 0)).toBe(true);
    const named = request(secret, [HELIOS, MERIDIAN]);
    const answer = await run(named, good(NORTHLIGHT, without), ...others);
    expect(endorsersIn(answer)).toEqual([HELIOS, MERIDIAN]);
  });

  it('fails with the answers of all when too few endorse', async () => {
    const broken = (mspId: string): Neighbour =>
      newNeighbour(mspId, () => response(500, `${mspId} is broken`), installed);
    const answer = run(request(), good(NORTHLIGHT), broken(HELIOS), broken(MERIDIAN));
    const failure = await answer.catch((error: unknown) => error as { details: unknown[] });
    expect(failure).toMatchObject({
      status: status.ABORTED,
      message:
        'failed to collect enough transaction endorsements, see attached details for more info',
    });
    expect((failure as { details: unknown[] }).details).toHaveLength(2);
  });

  it.each([
    ['no proposal', new Uint8Array()],
    [
      'a proposal that does not parse',
      (() => {
        const signed = new peer.SignedProposal();
        signed.setProposalBytes(Buffer.from('ffffffff', 'hex'));
        const message = new gateway.EndorseRequest();
        message.setProposedTransaction(signed);
        return message.serializeBinary();
      })(),
    ],
  ])('refuses %s', async (_name, message) => {
    await expect(run(message, good(NORTHLIGHT))).rejects.toMatchObject({
      status: status.INVALID_ARGUMENT,
    });
  });
});
