import { status, type ServiceError } from '@grpc/grpc-js';
import { common, gateway, google, orderer, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../../network/src/embedded/index.ts';
import { LIMITS } from '../../../../network/src/embedded/limits.ts';
import { newSigner } from '../../../../network/src/membership/signer.ts';
import { CHANNEL, newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';
import { newDraft, RawClient, signDraft } from '../raw-client.ts';

jest.setTimeout(60_000);

type Method = 'Evaluate' | 'Endorse' | 'Submit' | 'CommitStatus' | 'ChaincodeEvents';
const GARBAGE = Buffer.from('ffffffff', 'hex');

describe('the gateway service', () => {
  let network: EmbeddedNetwork;
  let client: RawClient;
  const closers = new Closers();

  beforeAll(async () => {
    // Nobody listens where the chaincode should be.
    const setting = await newTestNetwork('127.0.0.1:9');
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    const signer = newSigner(await network.enrol(NORTHLIGHT, 'User1', 'client'));
    client = new RawClient(network.connectionProfile(NORTHLIGHT), signer);
    closers.add(() => {
      client.close();
      return Promise.resolve();
    });
  });

  afterAll(() => closers.closeAll());

  const call = (method: Method, request: Uint8Array): Promise<Uint8Array> =>
    client.call(client.peers[0]!, `/gateway.Gateway/${method}`, request);
  const failure = async (method: Method, request: Uint8Array): Promise<ServiceError> =>
    call(method, request).then(
      () => Promise.reject(new Error('expected the call to fail')),
      (error: unknown) => error as ServiceError,
    );

  const signedProposal = (): peer.SignedProposal => {
    const draft = newDraft(client.signer, { args: ['Get', 'x'] });
    return peer.SignedProposal.deserializeBinary(signDraft(draft, client.signer));
  };

  const statusRequest = (
    change: (request: gateway.CommitStatusRequest) => void = () => undefined,
  ): Uint8Array => {
    const request = new gateway.CommitStatusRequest();
    request.setChannelId(CHANNEL);
    request.setTransactionId('unknown');
    request.setIdentity(client.signer.identity);
    change(request);
    const bytes = request.serializeBinary();
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(bytes);
    signed.setSignature(client.signer.sign(bytes));
    return signed.serializeBinary();
  };

  const eventsRequest = (
    change: (request: gateway.ChaincodeEventsRequest) => void = () => undefined,
  ): Uint8Array => {
    const request = new gateway.ChaincodeEventsRequest();
    request.setChannelId(CHANNEL);
    request.setChaincodeId('features');
    request.setIdentity(client.signer.identity);
    change(request);
    const bytes = request.serializeBinary();
    const signed = new gateway.SignedChaincodeEventsRequest();
    signed.setRequest(bytes);
    signed.setSignature(client.signer.sign(bytes));
    return signed.serializeBinary();
  };

  const submitRequest = (envelope?: common.Envelope, channel = CHANNEL): Uint8Array => {
    const request = new gateway.SubmitRequest();
    request.setChannelId(channel);
    request.setPreparedTransaction(envelope);
    return request.serializeBinary();
  };
  const envelope = (): common.Envelope => {
    const signed = new common.Envelope();
    signed.setPayload(GARBAGE);
    signed.setSignature(GARBAGE);
    return signed;
  };

  it('names each peer that could not run the chaincode', async () => {
    const request = new gateway.EvaluateRequest();
    request.setProposedTransaction(signedProposal());
    const error = await failure('Evaluate', request.serializeBinary());
    expect(error.code).toBe(status.ABORTED);
    const [bytes] = error.metadata.get('grpc-status-details-bin');
    const rich = google.rpc.Status.deserializeBinary(bytes as Buffer);
    expect(rich.getCode()).toBe(status.ABORTED);
    const details = rich.getDetailsList().map((any) => {
      expect(any.getTypeUrl()).toBe('type.googleapis.com/gateway.ErrorDetail');
      return gateway.ErrorDetail.deserializeBinary(any.getValue_asU8()).toObject();
    });
    expect(details.map(({ mspId }) => mspId).sort()).toEqual([...mspIds()].sort());
    expect(details.every(({ message }) => message.includes('error in simulation'))).toBe(true);
  });

  const mspIds = (): readonly string[] =>
    Object.values(network.connectionProfile(NORTHLIGHT).organizations).map(({ mspid }) => mspid);

  it.each<[Method, string, () => Uint8Array, status, string]>([
    [
      'Endorse',
      'no proposal',
      () => new Uint8Array(),
      status.INVALID_ARGUMENT,
      'must contain a signed proposal',
    ],
    [
      'Submit',
      'no transaction',
      () => submitRequest(),
      status.INVALID_ARGUMENT,
      'a prepared transaction is required',
    ],
    [
      'Submit',
      'an unsigned transaction',
      () => submitRequest(new common.Envelope()),
      status.INVALID_ARGUMENT,
      'must be signed',
    ],
    [
      'Submit',
      'a foreign channel',
      () => submitRequest(envelope(), 'elsewhere'),
      status.FAILED_PRECONDITION,
      'failed to get config for channel [elsewhere]',
    ],
    [
      'Submit',
      'garbage for a transaction',
      () => submitRequest(envelope()),
      status.ABORTED,
      'status=BAD_REQUEST',
    ],
    [
      'CommitStatus',
      'nothing',
      () => new Uint8Array(),
      status.INVALID_ARGUMENT,
      'a commit status request is required',
    ],
    [
      'CommitStatus',
      'no identity',
      () =>
        statusRequest((request) => {
          request.setIdentity('');
        }),
      status.INVALID_ARGUMENT,
      'no identity provided',
    ],
    [
      'CommitStatus',
      'no channel',
      () =>
        statusRequest((request) => {
          request.setChannelId('');
        }),
      status.INVALID_ARGUMENT,
      'no channel ID provided',
    ],
    [
      'CommitStatus',
      'no transaction',
      () =>
        statusRequest((request) => {
          request.setTransactionId('');
        }),
      status.INVALID_ARGUMENT,
      'transaction ID should not be empty',
    ],
    [
      'CommitStatus',
      'a foreign channel',
      () =>
        statusRequest((request) => {
          request.setChannelId('elsewhere');
        }),
      status.PERMISSION_DENIED,
      'not found',
    ],
    [
      'CommitStatus',
      'a stranger',
      () =>
        statusRequest((request) => {
          request.setIdentity(GARBAGE);
        }),
      status.PERMISSION_DENIED,
      '/Channel/Application/Readers',
    ],
    [
      'ChaincodeEvents',
      'nothing',
      () => new Uint8Array(),
      status.INVALID_ARGUMENT,
      'a chaincode events request is required',
    ],
    [
      'ChaincodeEvents',
      'a stranger',
      () =>
        eventsRequest((request) => {
          request.setIdentity(GARBAGE);
        }),
      status.PERMISSION_DENIED,
      '/Channel/Application/Readers',
    ],
    [
      'ChaincodeEvents',
      'a position that it does not know',
      () =>
        eventsRequest((request) => {
          const seek = new orderer.SeekPosition();
          seek.setOldest(new orderer.SeekOldest());
          request.setStartPosition(seek);
        }),
      status.INVALID_ARGUMENT,
      'invalid start position type',
    ],
  ])('refuses %s of %s', async (method, _name, request, code, reason) => {
    const error = await failure(method, request());
    expect(error).toMatchObject({ code, details: expect.stringContaining(reason) as string });
  });

  it.each<Method>(['Evaluate', 'Endorse', 'Submit', 'CommitStatus', 'ChaincodeEvents'])(
    'refuses %s of what does not parse',
    async (method) => {
      const error = await failure(method, GARBAGE);
      expect(error).toMatchObject({
        code: status.INTERNAL,
        details: expect.stringContaining('error unmarshalling') as string,
      });
    },
  );

  it('bounds the calls that wait, and serves again when some of them have left', async () => {
    const waiting = Array.from({ length: LIMITS.gatewayCalls + 1 }, () => {
      const stream = client.stream(client.peers[0]!, '/gateway.Gateway/ChaincodeEvents');
      stream.end(eventsRequest());
      return stream;
    });
    const refused = await Promise.race(
      waiting.map(
        (stream) =>
          new Promise<ServiceError>((resolve) => {
            stream.on('error', resolve);
          }),
      ),
    );
    expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
    for (const stream of waiting) {
      stream.cancel();
    }
    const request = submitRequest();
    let error = await failure('Submit', request);
    while (error.code === status.RESOURCE_EXHAUSTED) {
      error = await failure('Submit', request);
    }
    expect(error.code).toBe(status.INVALID_ARGUMENT);
  });

  it('ends calls that wait when the network closes', async () => {
    const setting = await newTestNetwork('127.0.0.1:9');
    const other = await setting.start();
    const signer = newSigner(await other.enrol(NORTHLIGHT, 'User1', 'client'));
    const waiting = new RawClient(other.connectionProfile(NORTHLIGHT), signer);
    const request = new gateway.CommitStatusRequest();
    request.setChannelId(CHANNEL);
    request.setTransactionId('unknown');
    request.setIdentity(signer.identity);
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    signed.setSignature(signer.sign(request.serializeBinary()));
    const answer = waiting
      .call(waiting.peers[0]!, '/gateway.Gateway/CommitStatus', signed.serializeBinary())
      .catch((error: unknown) => error as ServiceError);
    // An answer to a later call says that the earlier one is there.
    await waiting
      .call(waiting.peers[0]!, '/gateway.Gateway/Submit', GARBAGE)
      .catch(() => undefined);
    await other.close();
    await expect(answer).resolves.toMatchObject({ code: status.UNAVAILABLE });
    waiting.close();
    await setting.remove();
  });
});
