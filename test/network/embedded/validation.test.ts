import { common, ledger, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { freePort, startChaincode } from './chaincode-process.ts';
import { HELIOS, newTestNetwork, NORTHLIGHT } from './fabric-client.ts';
import {
  newDraft,
  newEnvelope,
  RawClient,
  type CommitListener,
  type Draft,
  type EnvelopeChanges,
} from './raw-client.ts';
import { toHighS } from './high-s.ts';

jest.setTimeout(60_000);

const Code = peer.TxValidationCode;
const { Status } = common;

describe('ordering and validation in the embedded network', () => {
  let network: EmbeddedNetwork;
  let client: RawClient;
  let listeners: readonly CommitListener[];
  const closers = new Closers();

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    const setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    client = await clientOf(NORTHLIGHT);
    listeners = await Promise.all(client.peers.map((node) => client.follow(node)));
  });

  afterAll(() => closers.closeAll());

  /** Waits for all peers: the next endorsements must come from one height. */
  async function committed(transactionId: string): Promise<number> {
    const codes = await Promise.all(listeners.map((listener) => listener.code(transactionId)));
    expect(new Set(codes).size).toBe(1);
    return codes[0]!;
  }

  async function clientOf(mspId: string, role: 'client' | 'peer' = 'client'): Promise<RawClient> {
    const credentials = await network.enrol(mspId, `raw-${role}`, role);
    const opened = new RawClient(network.connectionProfile(mspId), newSigner(credentials));
    closers.add(async () => {
      await Promise.resolve();
      opened.close();
    });
    return opened;
  }

  const call = (name: string, ...args: string[]): { args: string[] } => ({
    args: [`Features:${name}`, ...args],
  });

  const endorse = (name: string, ...args: string[]) => client.endorse(call(name, ...args));

  /** Broadcasts and waits for the code. */
  async function commit(envelope: Uint8Array, { transactionId }: Draft): Promise<number> {
    expect(await client.broadcast(envelope)).toEqual({ status: Status.SUCCESS, info: '' });
    return committed(transactionId);
  }

  async function codeOf(
    changes: (responses: readonly peer.ProposalResponse[]) => EnvelopeChanges,
    name = 'Put',
    ...args: string[]
  ): Promise<number> {
    const { draft, responses } = await endorse(name, ...(args.length > 0 ? args : ['k', 'v']));
    return commit(newEnvelope(draft, responses, client.signer, changes(responses)), draft);
  }

  const flip = (bytes: Uint8Array): Uint8Array => {
    const copy = Buffer.from(bytes);
    copy[copy.length - 1] = copy[copy.length - 1]! ^ 1;
    return copy;
  };

  /** Endorsements with some signatures replaced. */
  function endorsements(
    responses: readonly peer.ProposalResponse[],
    count: number,
    change: (signature: Uint8Array) => Uint8Array,
  ): readonly peer.Endorsement[] {
    return responses.map((response, index) => {
      const endorsement = response.getEndorsement()!.clone();
      if (index < count) {
        endorsement.setSignature(change(endorsement.getSignature_asU8()));
      }
      return endorsement;
    });
  }

  describe('endorsements', () => {
    it('holds with one broken signature of three', async () => {
      const code = await codeOf((responses) => ({
        endorsements: endorsements(responses, 1, flip),
      }));
      expect(code).toBe(Code.VALID);
    });

    it.each([
      ['two broken signatures', 2, flip],
      ['two high-S signatures', 2, toHighS],
      ['no signature at all', 3, () => new Uint8Array()],
    ])('fails the policy with %s', async (_, count, change) => {
      const code = await codeOf((responses) => ({
        endorsements: endorsements(responses, count, change),
      }));
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('counts one endorser once', async () => {
      const code = await codeOf((responses) => ({
        endorsements: Array(3).fill(responses[0]!.getEndorsement()) as peer.Endorsement[],
      }));
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('does not count clients or strangers', async () => {
      const code = await codeOf((responses) => {
        const payload = responses[0]!.getPayload_asU8();
        const byClient = new peer.Endorsement();
        byClient.setEndorser(client.signer.identity);
        byClient.setSignature(client.signer.sign(Buffer.concat([payload, client.signer.identity])));
        const byStranger = new peer.Endorsement();
        byStranger.setEndorser(Buffer.from('stranger'));
        byStranger.setSignature(client.signer.sign(payload));
        return { endorsements: [responses[0]!.getEndorsement()!, byClient, byStranger] };
      });
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('fails without any', async () => {
      expect(await codeOf(() => ({ endorsements: [] }))).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });

    it('does not hold for changed results', async () => {
      const code = await codeOf((responses) => {
        const payload = peer.ProposalResponsePayload.deserializeBinary(
          responses[0]!.getPayload_asU8(),
        );
        const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
        const results = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8());
        const [, own] = results.getNsRwsetList();
        const content = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(own!.getRwset_asU8());
        content.getWritesList()[0]!.setValue(Buffer.from('forged'));
        own!.setRwset(content.serializeBinary());
        action.setResults(results.serializeBinary());
        payload.setExtension$(action.serializeBinary());
        return { responsePayload: payload.serializeBinary() };
      });
      expect(code).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    });
  });

  describe('a key with a policy of its own', () => {
    const put = async (key: string, ...organisations: string[]): Promise<number> => {
      const nodes = organisations.map((name) => `peer0.${name}.example`);
      const { draft, responses } = await client.endorse(call('Put', key, 'v'), nodes);
      return commit(newEnvelope(draft, responses, client.signer), draft);
    };

    it('is held to it in place of the chaincode policy, and agrees on all peers', async () => {
      expect(await put('owned', 'northlight', 'helios')).toBe(Code.VALID);
      expect(await codeOf(() => ({}), 'SetPolicy', 'owned', HELIOS)).toBe(Code.VALID);
      expect(await put('owned', 'helios')).toBe(Code.VALID);
      expect(await put('owned', 'northlight', 'meridian')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await put('other', 'helios')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      const hashes = await network.stateHashes();
      expect(new Set([...hashes.values()].map(({ hash }) => hash)).size).toBe(1);
      expect([...hashes.keys()].sort()).toEqual([HELIOS, 'MeridianMSP', NORTHLIGHT]);
    });

    it('is lost when its policy cannot be read, and nothing else is', async () => {
      await codeOf(() => ({}), 'Put', 'lost', 'v');
      expect(await codeOf(() => ({}), 'SetBrokenPolicy', 'lost')).toBe(Code.VALID);
      expect(await codeOf(() => ({}), 'Put', 'lost', 'w')).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
      expect(await codeOf(() => ({}), 'Put', 'found', 'w')).toBe(Code.VALID);
    });
  });

  describe('the form of a transaction', () => {
    it.each<[string, (payload: common.Payload) => void, number]>([
      [
        'no transaction inside',
        (payload) => {
          payload.setData(Buffer.from('ffff', 'hex'));
        },
        Code.INVALID_ENDORSER_TRANSACTION,
      ],
      [
        'two actions',
        (payload) => {
          const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
          transaction.addActions(transaction.getActionsList()[0]!.clone());
          payload.setData(transaction.serializeBinary());
        },
        Code.INVALID_ENDORSER_TRANSACTION,
      ],
      [
        'another proposal than the one endorsed',
        (payload) => {
          const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
          const [action] = transaction.getActionsList();
          const content = peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8());
          content.setChaincodeProposalPayload(Buffer.from('other'));
          action!.setPayload(content.serializeBinary());
          payload.setData(transaction.serializeBinary());
        },
        Code.INVALID_ENDORSER_TRANSACTION,
      ],
      [
        'an epoch',
        (payload) => {
          const header = payload.getHeader()!;
          const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
          channel.setEpoch(7);
          header.setChannelHeader(channel.serializeBinary());
        },
        Code.BAD_COMMON_HEADER,
      ],
    ])('gives %s its code', async (_, change, expected) => {
      const { draft, responses } = await endorse('Put', 'form', 'v');
      const envelope = newEnvelope(draft, responses, client.signer, { payload: change });
      expect(await commit(envelope, draft)).toBe(expected);
    });
  });

  describe('broadcasting', () => {
    async function refused(
      changes: EnvelopeChanges,
      signer = client.signer,
    ): Promise<{ status: number; info: string }> {
      const { draft, responses } = await endorse('Put', 'never', 'v');
      return client.broadcast(newEnvelope(draft, responses, signer, changes));
    }

    it('refuses a changed signature with 403', async () => {
      const answer = await refused({ sign: (payload) => flip(client.signer.sign(payload)) });
      expect(answer.status).toBe(Status.FORBIDDEN);
    });

    it('refuses a high-S signature with 403', async () => {
      const answer = await refused({ sign: (payload) => toHighS(client.signer.sign(payload)) });
      expect(answer.status).toBe(Status.FORBIDDEN);
    });

    it('refuses another creator than the signer with 403', async () => {
      const other = await clientOf(HELIOS);
      expect((await refused({}, other.signer)).status).toBe(Status.FORBIDDEN);
    });

    it('refuses peers with 403', async () => {
      const other = await clientOf(HELIOS, 'peer');
      const draft = newDraft(other.signer, call('Put', 'never', 'v'));
      const answer = await client.broadcast(newEnvelope(draft, [], other.signer));
      expect(answer).toMatchObject({ status: Status.FORBIDDEN });
      expect(answer.info).toContain('may not write to this channel');
    });

    it('refuses bytes that are no envelope with 400', async () => {
      const answer = await client.broadcast(Buffer.from('ffffffff', 'hex'));
      expect(answer.status).toBe(Status.BAD_REQUEST);
      expect(answer.info).toContain('error unmarshalling Envelope');
    });

    it('refuses an envelope above the limit with 400', async () => {
      const draft = newDraft(client.signer, call('Put', 'large', 'x'.repeat(10 * 1024 * 1024)));
      const answer = await client.broadcast(newEnvelope(draft, [], client.signer));
      expect(answer.status).toBe(Status.BAD_REQUEST);
      expect(answer.info).toContain('exceeds maximum allowed 10485760 bytes');
    });

    it('refuses another channel with 404', async () => {
      const draft = newDraft(client.signer, { ...call('Put'), channel: 'town' });
      const answer = await client.broadcast(newEnvelope(draft, [], client.signer));
      expect(answer.status).toBe(Status.NOT_FOUND);
    });

    it('refuses an id that is not the own one with 400', async () => {
      const victim = await endorse('Put', 'victim', 'v');
      const other = await clientOf(HELIOS);
      const { transactionId } = victim.draft;
      const forged = newDraft(other.signer, { ...call('Put', 'x', 'y'), transactionId });
      const answer = await client.broadcast(newEnvelope(forged, [], other.signer));
      expect(answer.status).toBe(Status.BAD_REQUEST);
      const envelope = newEnvelope(victim.draft, victim.responses, client.signer);
      expect(await commit(envelope, victim.draft)).toBe(Code.VALID);
    });

    it('refuses configuration updates with 501', async () => {
      const { CONFIG_UPDATE } = common.HeaderType;
      const draft = newDraft(client.signer, { ...call('Put'), type: CONFIG_UPDATE });
      const answer = await client.broadcast(newEnvelope(draft, [], client.signer));
      expect(answer.status).toBe(Status.NOT_IMPLEMENTED);
      expect(answer.info).toContain('configuration is fixed');
    });

    it('answers every envelope of a stream in order', async () => {
      const stream = client.stream(client.orderer, '/orderer.AtomicBroadcast/Broadcast');
      const sent = await Promise.all(
        ['a', 'b', 'c'].map((name) => endorse('Put', `stream-${name}`, name)),
      );
      for (const { draft, responses } of sent) {
        stream.write(newEnvelope(draft, responses, client.signer));
      }
      stream.end();
      const answers: Uint8Array[] = [];
      for await (const bytes of stream as AsyncIterable<Uint8Array>) {
        answers.push(bytes);
      }
      expect(answers).toHaveLength(3);
      for (const { draft } of sent) {
        expect(await committed(draft.transactionId)).toBe(Code.VALID);
      }
    });

    it('keeps no stream open after the client has ended it', async () => {
      // One more than a connection may hold at a time.
      for (let round = 0; round < 1_001; round++) {
        const { status } = await client.broadcast(new Uint8Array([0xff]));
        expect(status).toBe(Status.BAD_REQUEST);
      }
    });
  });

  describe('order', () => {
    it('gives the second of two equal envelopes DUPLICATE_TXID', async () => {
      const { draft, responses } = await endorse('Put', 'twice', 'v');
      const envelope = newEnvelope(draft, responses, client.signer);
      expect(await commit(envelope, draft)).toBe(Code.VALID);
      for (const listener of listeners) listener.forget(draft.transactionId);
      expect(await commit(envelope, draft)).toBe(Code.DUPLICATE_TXID);
    });

    /** Orders an envelope twice. @returns the flags of the block that has the first of them. */
    async function flagsOfTwins(): Promise<number[]> {
      const { draft, responses } = await endorse('Put', 'twin', 'v');
      const envelope = newEnvelope(draft, responses, client.signer);
      const stream = client.stream(client.orderer, '/orderer.AtomicBroadcast/Broadcast');
      stream.write(envelope);
      stream.write(envelope);
      stream.resume();
      stream.end();
      await committed(draft.transactionId);
      const answer = await client.query({
        chaincode: 'qscc',
        args: ['GetBlockByTxID', 'city', draft.transactionId],
      });
      const block = common.Block.deserializeBinary(answer.getPayload_asU8());
      return [...block.getMetadata()!.getMetadataList_asU8()[2]!];
    }

    it('gives the later of two in one block DUPLICATE_TXID', async () => {
      let flags = await flagsOfTwins();
      // The orderer may cut a block between the two.
      for (let more = 20; more > 0 && flags.length < 2; more--) {
        flags = await flagsOfTwins();
      }
      expect(flags).toEqual([Code.VALID, Code.DUPLICATE_TXID]);
    });

    it('gives a read that is out of date MVCC_READ_CONFLICT', async () => {
      const first = await endorse('Increment', 'mvcc');
      const second = await endorse('Increment', 'mvcc');
      expect(
        await commit(newEnvelope(first.draft, first.responses, client.signer), first.draft),
      ).toBe(Code.VALID);
      expect(
        await commit(newEnvelope(second.draft, second.responses, client.signer), second.draft),
      ).toBe(Code.MVCC_READ_CONFLICT);
    });

    it.each([
      ['a new record', 'Put', 'phantom-3', 'v'],
      ['a changed record', 'Put', 'phantom-1', 'w'],
      ['a deleted record', 'Delete', 'phantom-2', undefined],
    ])('gives a range with %s PHANTOM_READ_CONFLICT', async (_, name, key, value) => {
      await codeOf(() => ({}), 'Put', 'phantom-1', 'v');
      await codeOf(() => ({}), 'Put', 'phantom-2', 'v');
      await codeOf(() => ({}), 'Delete', 'phantom-3');
      const counted = await endorse('CountInto', 'phantom-', 'phantom.', 'count');
      const code = await codeOf(
        () => ({}),
        name,
        ...[key, value].filter((arg) => arg !== undefined),
      );
      expect(code).toBe(Code.VALID);
      const envelope = newEnvelope(counted.draft, counted.responses, client.signer);
      expect(await commit(envelope, counted.draft)).toBe(Code.PHANTOM_READ_CONFLICT);
    });

    it('accepts a range that has not changed, also one of more records than a Merkle node', async () => {
      await codeOf(() => ({}), 'PutMany', 'still', '120');
      expect(await codeOf(() => ({}), 'CountInto', 'still', 'still~', 'count')).toBe(Code.VALID);
      const counted = await endorse('CountInto', 'still', 'still~', 'count');
      await codeOf(() => ({}), 'Put', 'still0060', 'y');
      const envelope = newEnvelope(counted.draft, counted.responses, client.signer);
      expect(await commit(envelope, counted.draft)).toBe(Code.PHANTOM_READ_CONFLICT);
    });

    it('does not mind changes behind the record where a walk was left', async () => {
      await codeOf(() => ({}), 'PutMany', 'left', '250');
      const some = await endorse('RangeSome', 'left', 'left~', '3');
      await codeOf(() => ({}), 'Put', 'left0101', 'y');
      expect(await commit(newEnvelope(some.draft, some.responses, client.signer), some.draft)).toBe(
        Code.VALID,
      );
      const more = await endorse('RangeSome', 'left', 'left~', '3');
      await codeOf(() => ({}), 'Put', 'left0100', 'y');
      expect(await commit(newEnvelope(more.draft, more.responses, client.signer), more.draft)).toBe(
        Code.PHANTOM_READ_CONFLICT,
      );
    });
  });

  describe('the read-write set', () => {
    async function resultsOf(name: string, ...args: string[]) {
      const { responses } = await endorse(name, ...args);
      const payload = peer.ProposalResponsePayload.deserializeBinary(
        responses[0]!.getPayload_asU8(),
      );
      const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
      const results = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8());
      return results.getNsRwsetList().map((set) => ({
        namespace: set.getNamespace(),
        content: ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8()).toObject(),
      }));
    }

    it('begins with a read of the definition, then has the chaincode with sorted keys', async () => {
      const [lifecycle, own] = await resultsOf('Together', 'sorted-');
      expect(lifecycle?.namespace).toBe('_lifecycle');
      expect(lifecycle?.content.readsList).toEqual([
        { key: 'namespaces/fields/features/Sequence', version: { blockNum: 2, txNum: 0 } },
      ]);
      expect(own?.namespace).toBe('features');
      expect(own?.content.writesList.map(({ key }) => key)).toEqual([
        'sorted-a',
        'sorted-b',
        'sorted-c',
        'sorted-d',
      ]);
    });

    it('ends a walk that was left at the record read ahead', async () => {
      await codeOf(() => ({}), 'PutMany', 'r', '250');
      const [, own] = await resultsOf('RangeSome', 'r', 'r~', '3');
      expect(own?.content.rangeQueriesInfoList).toMatchObject([
        { startKey: 'r', endKey: 'r0100', itrExhausted: false },
      ]);
    });

    it('ends a page at its last record', async () => {
      const [, own] = await resultsOf('Page', 'r', 'r~', '10', '');
      expect(own?.content.rangeQueriesInfoList).toMatchObject([
        { startKey: 'r', endKey: 'r0009', itrExhausted: false },
      ]);
    });
  });

  describe('delivering blocks', () => {
    const FULL = '/protos.Deliver/Deliver';
    const PRIVATE = '/protos.Deliver/DeliverWithPrivateData';
    const ORDERER = '/orderer.AtomicBroadcast/Deliver';

    it('sends a range and then a status', async () => {
      const answers = await client.seek({ start: 0, stop: 2 }, FULL);
      expect(answers.map((answer) => answer.getBlock()?.getHeader()?.getNumber())).toEqual([
        0,
        1,
        2,
        undefined,
      ]);
      expect(answers[3]?.getStatus()).toBe(Status.SUCCESS);
    });

    it('sends the newest and the oldest block', async () => {
      const newest = await client.seek({ start: 'newest', stop: 'newest' }, PRIVATE);
      const { block } = newest[0]!.getBlockAndPrivateData()!.toObject();
      expect(block?.header?.number).toBe(network.blocks().height - 1);
      const oldest = await client.seek({ start: 'oldest', stop: 'oldest' });
      expect(oldest[0]?.getFilteredBlock()?.toObject()).toMatchObject({
        channelId: 'city',
        number: 0,
        filteredTransactionsList: [{ type: common.HeaderType.CONFIG, txValidationCode: 0 }],
      });
    });

    it('gives the orderer and the peers the same data under the same hash', async () => {
      const [byOrderer] = await client.seek({ start: 1, stop: 1 }, ORDERER, client.orderer);
      const [byPeer] = await client.seek({ start: 1, stop: 1 }, FULL, client.peers[2]);
      const [ordered, committed] = [byOrderer!.getBlock()!, byPeer!.getBlock()!];
      expect(ordered.getHeader()!.toObject()).toEqual(committed.getHeader()!.toObject());
      expect(ordered.getData()!.toObject()).toEqual(committed.getData()!.toObject());
      expect(committed.getMetadata()!.getMetadataList()).toHaveLength(5);
    });

    it.each([
      ['a block that does not exist', { start: 9_999, stop: 9_999 }, Status.NOT_FOUND],
      ['a stop before the start', { start: 2, stop: 1 }, Status.BAD_REQUEST],
      ['another channel', { start: 0, stop: 0, channel: 'town' }, Status.NOT_FOUND],
    ])('answers %s with a status', async (_, fields, expected) => {
      const answers = await client.seek(fields, FULL);
      expect(answers.map((answer) => answer.getStatus())).toEqual([expected]);
    });

    it('answers a foreign signature with 403 and rubbish with 400', async () => {
      const other = await clientOf(HELIOS);
      const forged = { ...other.signer, sign: client.signer.sign };
      const [refused] = await client.seek({ start: 0, stop: 0 }, FULL, client.peers[0], forged);
      expect(refused?.getStatus()).toBe(Status.FORBIDDEN);
      const stream = client.stream(client.peers[0]!, FULL);
      stream.end(Buffer.from('ffff', 'hex'));
      for await (const bytes of stream as AsyncIterable<Uint8Array>) {
        const { status } = peer.DeliverResponse.deserializeBinary(bytes).toObject();
        expect(status).toBe(Status.BAD_REQUEST);
      }
    });

    it('tells events without their payload in filtered blocks', async () => {
      const { draft, responses } = await endorse('Emit', 'Lit', 'bright');
      await commit(newEnvelope(draft, responses, client.signer), draft);
      const [answer] = await client.seek({ start: 'newest', stop: 'newest' });
      const [transaction] = answer!.getFilteredBlock()!.getFilteredTransactionsList();
      const [action] = transaction!.getTransactionActions()!.getChaincodeActionsList();
      expect(action?.getChaincodeEvent()?.toObject()).toEqual({
        chaincodeId: 'features',
        txId: draft.transactionId,
        eventName: 'Lit',
        payload: '',
      });
    });
  });
});
