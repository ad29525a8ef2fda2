import { status } from '@grpc/grpc-js';
import {
  CommitError,
  CommitStatusError,
  EndorseError,
  type GatewayError,
  type Proposal,
} from '@hyperledger/fabric-gateway';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from '../chaincode-process.ts';
import { HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT } from '../fabric-client.ts';
import { connectGateway, type ConnectOptions, type GatewayClient } from '../gateway-client.ts';

jest.setTimeout(60_000);

const Code = peer.TxValidationCode;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** @returns what a promise was rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<GatewayError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome as GatewayError;
}

/** @returns MSP ids of a transaction's endorsers, sorted. */
function endorsersOf(transaction: { getBytes(): Uint8Array }): readonly string[] {
  const prepared = gateway.PreparedTransaction.deserializeBinary(transaction.getBytes());
  const envelope = prepared.getEnvelope()!;
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8());
  return actionPayload
    .getAction()!
    .getEndorsementsList()
    .map((endorsement) =>
      msp.SerializedIdentity.deserializeBinary(endorsement.getEndorser_asU8()).getMspid(),
    )
    .sort();
}

describe('EmbeddedNetwork with fabric-gateway', () => {
  let network: EmbeddedNetwork;
  let client: GatewayClient;
  let address: (mspId: string) => string;
  const closers = new Closers();
  const connected = async (mspId: string, options?: ConnectOptions): Promise<GatewayClient> => {
    const opened = await connectGateway(network, mspId, options);
    closers.add(() => {
      opened.close();
      return Promise.resolve();
    });
    return opened;
  };

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    const setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    client = await connected(NORTHLIGHT);
    address = (mspId) => {
      const { organizations, peers } = network.connectionProfile(mspId);
      const own = Object.values(organizations).find(({ mspid }) => mspid === mspId)!;
      return peers[own.peers[0]!]!.url.replace('grpcs://', '');
    };
  });

  afterAll(() => closers.closeAll());

  it('submits a transaction and evaluates through every organisation', async () => {
    await client.contract.submitTransaction('Put', 'greeting', 'hello');
    for (const mspId of [NORTHLIGHT, HELIOS, MERIDIAN]) {
      const reader = await connected(mspId);
      await expect(reader.contract.evaluateTransaction('Get', 'greeting').then(text)).resolves.toBe(
        'hello',
      );
    }
  });

  it('returns the result of a submitted transaction, its block and its code', async () => {
    const commit = await client.contract.submitAsync('Increment', { arguments: ['counted'] });
    expect(text(commit.getResult())).toBe('1');
    const verdict = await commit.getStatus();
    expect(verdict).toMatchObject({ successful: true, code: Code.VALID });
    // Asked again, when the transaction is in a block already.
    await expect(commit.getStatus()).resolves.toEqual(verdict);
  });

  describe('chooses endorsers', () => {
    const endorse = (
      options: Parameters<GatewayClient['contract']['newProposal']>[1],
      by: GatewayClient = client,
      name = 'Put',
    ): Promise<readonly string[]> =>
      by.contract.newProposal(name, options).endorse().then(endorsersOf);

    it('that satisfy the policy, the own organisation among them', async () => {
      const endorsers = await endorse({ arguments: ['chosen', 'x'] });
      expect(endorsers).toHaveLength(2);
      expect(endorsers).toContain(NORTHLIGHT);
    });

    it('that the client names, whatever the policy', async () => {
      const options = { arguments: ['chosen', 'x'] };
      await expect(
        endorse({ ...options, endorsingOrganizations: [MERIDIAN, HELIOS] }),
      ).resolves.toEqual([HELIOS, MERIDIAN]);
      await expect(
        endorse({ ...options, endorsingOrganizations: [HELIOS, HELIOS] }),
      ).resolves.toEqual([HELIOS]);
    });

    it('that the policy of a written key asks for', async () => {
      await client.contract.submitTransaction('Put', 'guarded', 'x');
      await client.contract.submitTransaction('SetPolicy', 'guarded', `${HELIOS},${MERIDIAN}`);
      const transaction = await client.contract
        .newProposal('Put', { arguments: ['guarded', 'y'] })
        .endorse();
      expect(endorsersOf(transaction)).toEqual([HELIOS, MERIDIAN]);
      const commit = await transaction.submit();
      await expect(commit.getStatus()).resolves.toMatchObject({ code: Code.VALID });
    });
  });

  it('keeps transient data out of the transaction', async () => {
    const transient = { transientData: { secret: 'hidden-from-the-ledger' } };
    const proposal = client.contract.newProposal('Transient', {
      arguments: ['secret'],
      ...transient,
    });
    expect(text(await proposal.evaluate())).toBe('hidden-from-the-ledger');
    const put = client.contract.newProposal('Put', { arguments: ['k', 'v'], ...transient });
    const transaction = await put.endorse();
    expect(Buffer.from(transaction.getBytes()).includes('hidden-from-the-ledger')).toBe(false);
    const commit = await transaction.submit();
    await expect(commit.getStatus()).resolves.toMatchObject({ code: Code.VALID });
  });

  it('sends the events of a chaincode, from a block and after a transaction on', async () => {
    const emit = async (payload: string): Promise<{ block: bigint; id: string }> => {
      const commit = await client.contract.submitAsync('Emit', { arguments: ['Lit', payload] });
      return { block: (await commit.getStatus()).blockNumber, id: commit.getTransactionId() };
    };
    const take = async (
      options: Parameters<GatewayClient['network']['getChaincodeEvents']>[1],
      count: number,
    ): Promise<readonly string[]> => {
      const events = await client.network.getChaincodeEvents('features', options);
      const taken: string[] = [];
      for await (const { payload } of events) {
        taken.push(text(payload));
        if (taken.length === count) {
          break;
        }
      }
      events.close();
      return taken;
    };
    const next = await client.network.getChaincodeEvents('features');
    const [first] = [await emit('one'), await emit('two'), await emit('three')];
    const iterator = next[Symbol.asyncIterator]();
    const heard = await iterator.next();
    expect(heard.value).toMatchObject({ eventName: 'Lit', transactionId: first.id });
    next.close();
    await expect(take({ startBlock: first.block }, 3)).resolves.toEqual(['one', 'two', 'three']);
    const checkpoint = {
      getBlockNumber: () => first.block,
      getTransactionId: () => first.id,
    };
    await expect(take({ checkpoint }, 2)).resolves.toEqual(['two', 'three']);
  });

  it('sends no events of transactions that are not valid', async () => {
    const events = await client.network.getChaincodeEvents('features');
    const alone = { arguments: ['Lit', 'unseen'], endorsingOrganizations: [HELIOS] };
    await errorOf(client.contract.submit('Emit', alone));
    await client.contract.submit('Emit', { arguments: ['Lit', 'seen'] });
    for await (const { payload } of events) {
      expect(text(payload)).toBe('seen');
      break;
    }
    events.close();
  });

  it('gives up at the deadline of the client', async () => {
    const soon = (): { deadline: number } => ({ deadline: Date.now() + 300 });
    const sleep = (): Proposal => client.contract.newProposal('Sleep', { arguments: ['2000'] });
    const evaluated = await errorOf(sleep().evaluate(soon()));
    expect(evaluated.code).toBe(status.DEADLINE_EXCEEDED);
    const endorsed = await errorOf(sleep().endorse(soon()));
    expect(endorsed).toBeInstanceOf(EndorseError);
    expect(endorsed.code).toBe(status.DEADLINE_EXCEEDED);
  });

  describe('fails', () => {
    it('with a text that fits into a trailer, however long the chaincode talks', async () => {
      const error = await errorOf(client.contract.evaluateTransaction('Fail', 'é'.repeat(50_000)));
      expect(error.code).toBe(status.UNKNOWN);
      expect(error.message.length).toBeLessThan(2_200);
      expect(error.details[0]?.message).toHaveLength(512);
    });

    it("to endorse with the chaincode's error as a detail of the peer", async () => {
      const error = await errorOf(client.contract.submitTransaction('Fail', 'no such lamp'));
      expect(error).toBeInstanceOf(EndorseError);
      expect(error.code).toBe(status.ABORTED);
      expect(error.message).toContain(
        'failed to endorse transaction, see attached details for more info',
      );
      expect(error.details).toEqual([
        {
          address: address(NORTHLIGHT),
          mspId: NORTHLIGHT,
          message: 'chaincode response 500, no such lamp',
        },
      ]);
    });

    it("to evaluate with the chaincode's error, and asks nobody else", async () => {
      const error = await errorOf(client.contract.evaluateTransaction('Fail', 'no such lamp'));
      expect(error.code).toBe(status.UNKNOWN);
      expect(error.message).toContain(
        'evaluate call to endorser returned error: chaincode response 500, no such lamp',
      );
      expect(error.details).toHaveLength(1);
    });

    it('for a chaincode that does not exist', async () => {
      const contract = client.network.getContract('nowhere');
      const evaluated = await errorOf(contract.evaluateTransaction('Get', 'x'));
      expect(evaluated.code).toBe(status.FAILED_PRECONDITION);
      expect(evaluated.message).toContain(
        'no peers available to evaluate chaincode nowhere in channel city',
      );
      const endorsed = await errorOf(contract.submitTransaction('Put', 'x', 'y'));
      expect(endorsed.code).toBe(status.FAILED_PRECONDITION);
      expect(endorsed.message).toContain('No metadata was found for chaincode nowhere');
      const named = await errorOf(
        contract.newProposal('Put', { endorsingOrganizations: [HELIOS] }).endorse(),
      );
      expect(named.code).toBe(status.UNAVAILABLE);
      expect(named.message).toContain(`failed to find any endorsing peers for org(s): ${HELIOS}`);
    });

    it('for a channel that does not exist', async () => {
      const contract = client.gateway.getNetwork('elsewhere').getContract('features');
      const evaluated = await errorOf(contract.evaluateTransaction('Get', 'x'));
      expect(evaluated.code).toBe(status.UNAVAILABLE);
      const endorsed = await errorOf(contract.submitTransaction('Put', 'x', 'y'));
      expect(endorsed.code).toBe(status.FAILED_PRECONDITION);
    });

    it('for an organisation that does not exist', async () => {
      const proposal = client.contract.newProposal('Put', {
        arguments: ['x', 'y'],
        endorsingOrganizations: [NORTHLIGHT, 'NowhereMSP'],
      });
      const error = await errorOf(proposal.endorse());
      expect(error).toBeInstanceOf(EndorseError);
      expect(error.code).toBe(status.UNAVAILABLE);
      expect(error.message).toContain('failed to find any endorsing peers for org(s): NowhereMSP');
    });

    it('for a peer in the role of a client, who may not write', async () => {
      const stranger = await connected(NORTHLIGHT, { user: 'Peer7', role: 'peer' });
      const evaluated = await errorOf(stranger.contract.evaluateTransaction('Get', 'greeting'));
      expect(evaluated.code).toBe(status.FAILED_PRECONDITION);
      expect(evaluated.details[0]?.message).toContain('access denied');
      const endorsed = await errorOf(stranger.contract.submitTransaction('Put', 'x', 'y'));
      expect(endorsed).toBeInstanceOf(EndorseError);
      expect(endorsed.details[0]?.message).toContain('access denied');
    });

    it('to commit what too few endorsed', async () => {
      const options = { arguments: ['alone', 'x'], endorsingOrganizations: [HELIOS] };
      const error = await errorOf(client.contract.submit('Put', options));
      expect(error).toBeInstanceOf(CommitError);
      expect(error).toMatchObject({ code: Code.ENDORSEMENT_POLICY_FAILURE });
    });

    it('to commit one of two that conflict', async () => {
      await client.contract.submitTransaction('Put', 'counter', '0');
      const propose = (): ReturnType<Proposal['endorse']> =>
        client.contract.newProposal('Increment', { arguments: ['counter'] }).endorse();
      const endorsed = await Promise.all([propose(), propose()]);
      const commits = await Promise.all(endorsed.map((transaction) => transaction.submit()));
      const verdicts = await Promise.all(commits.map((commit) => commit.getStatus()));
      const codes = verdicts.map(({ code }) => code).sort();
      expect(codes).toEqual([Code.VALID, Code.MVCC_READ_CONFLICT]);
    });

    it('to submit what was not signed by its creator', async () => {
      const endorsed = await client.contract
        .newProposal('Put', { arguments: ['forged', 'x'] })
        .endorse();
      const forged = client.gateway.newSignedTransaction(
        endorsed.getBytes(),
        Buffer.from('30', 'hex'),
      );
      const error = await errorOf(forged.submit());
      expect(error.name).toBe('SubmitError');
      expect(error.code).toBe(status.ABORTED);
      expect(error.message).toContain(
        'received unsuccessful response from orderer: status=FORBIDDEN',
      );
    });

    it('to tell a verdict to those who cannot prove who they are', async () => {
      const commit = await client.contract.submitAsync('Put', { arguments: ['told', 'x'] });
      const forged = client.gateway.newSignedCommit(commit.getBytes(), Buffer.from('30', 'hex'));
      const error = await errorOf(forged.getStatus());
      expect(error).toBeInstanceOf(CommitStatusError);
      expect(error.code).toBe(status.PERMISSION_DENIED);
      await commit.getStatus();
    });
  });
});
