import { status } from '@grpc/grpc-js';
import { common, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { freePort, startChaincode, type ChaincodeProcess } from './chaincode-process.ts';
import { HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT, type TestNetwork } from './fabric-client.ts';
import { newDraft, newEnvelope, RawClient, signDraft, type CommitListener } from './raw-client.ts';

jest.setTimeout(60_000);

const Code = peer.TxValidationCode;
const PROCESS = '/protos.Endorser/ProcessProposal';

describe('a peer of the embedded network', () => {
  let chaincode: ChaincodeProcess;
  let setting: TestNetwork;
  let network: EmbeddedNetwork;
  let client: RawClient;
  let listeners: readonly CommitListener[];
  const closers = new Closers();

  beforeAll(async () => {
    chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    setting = await newTestNetwork(chaincode.address, { executionTimeoutMs: 5_000 });
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

  async function clientOf(mspId: string, role: 'admin' | 'client' | 'peer' = 'client') {
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

  async function submit(name: string, ...args: string[]): Promise<number> {
    const { draft, responses } = await client.endorse(call(name, ...args));
    const failed = responses.find((response) => !response.getEndorsement());
    if (failed) {
      throw new Error(failed.getResponse()?.getMessage());
    }
    const answer = await client.broadcast(newEnvelope(draft, responses, client.signer));
    expect(answer).toEqual({ status: common.Status.SUCCESS, info: '' });
    return committed(draft.transactionId);
  }

  async function query(name: string, ...args: string[]): Promise<string> {
    const response = await client.query(call(name, ...args));
    expect([response.getStatus(), response.getMessage()]).toEqual([200, '']);
    return Buffer.from(response.getPayload_asU8()).toString();
  }

  const ask = (chaincodeName: string, channel: string, ...args: (string | Uint8Array)[]) =>
    client.query({ chaincode: chaincodeName, channel, args });

  describe('running chaincode', () => {
    it('reads the committed value after an own write', async () => {
      await submit('Put', 'own', 'old');
      expect(await query('PutAndGet', 'own', 'new')).toBe('old');
    });

    it('deletes', async () => {
      await submit('Put', 'gone', 'x');
      await submit('Delete', 'gone');
      expect(await query('Get', 'gone')).toBe('');
    });

    it('walks ranges in the order of UTF-8 bytes, an end excluded', async () => {
      await submit('Put', 'order-\u{1f600}', '4');
      await submit('Put', 'order-\uffee', '3');
      await submit('Put', 'order-b', '2');
      await submit('Put', 'order-a', '1');
      expect(JSON.parse(await query('Range', 'order-', 'order.'))).toEqual([
        ['order-a', '1'],
        ['order-b', '2'],
        ['order-\uffee', '3'],
        ['order-\u{1f600}', '4'],
      ]);
      expect(JSON.parse(await query('Range', 'order-a', 'order-b'))).toEqual([['order-a', '1']]);
    });

    it('hands out ranges of more than a batch', async () => {
      await submit('PutMany', 'many', '250');
      const found = JSON.parse(await query('Range', 'many', 'many~')) as [string, string][];
      expect(found).toHaveLength(250);
      expect(found[249]?.[0]).toBe('many0249');
    });

    it('pages with bookmarks', async () => {
      await submit('PutMany', 'page', '5');
      const first = JSON.parse(await query('Page', 'page', 'page~', '3', '')) as Page;
      expect(first).toMatchObject({ fetchedRecordsCount: 3, bookmark: 'page0003' });
      const second = JSON.parse(await query('Page', 'page', 'page~', '3', first.bookmark)) as Page;
      expect(second.records.map(([key]) => key)).toEqual(['page0003', 'page0004']);
      expect(second.bookmark).toBe('');
    });

    it('refuses to write after a paginated query', async () => {
      await expect(submit('PageThenPut', 'a', 'z')).rejects.toThrow('writes are not allowed');
    });

    it('finds composite keys by their first parts', async () => {
      await submit('PutComposite', 'lamp', 'north', '1', 'x');
      await submit('PutComposite', 'lamp', 'north', '2', 'x');
      await submit('PutComposite', 'lamp', 'south', '3', 'x');
      expect(JSON.parse(await query('PartialComposite', 'lamp', 'north'))).toEqual([
        ['north', '1'],
        ['north', '2'],
      ]);
      expect(await query('Range', '', '')).not.toContain('south');
    });

    it('gives the history of a key, newest first, with deletions', async () => {
      await submit('Put', 'story', 'one');
      await submit('Delete', 'story');
      await submit('Put', 'story', 'two');
      const history = JSON.parse(await query('History', 'story')) as object[];
      expect(history).toEqual([
        expect.objectContaining({ value: 'two', isDelete: false }),
        expect.objectContaining({ value: '', isDelete: true }),
        expect.objectContaining({ value: 'one', isDelete: false }),
      ]);
    });

    it('keeps the metadata of a key', async () => {
      await submit('Put', 'guarded', 'x');
      await submit('SetPolicy', 'guarded', `${HELIOS},${NORTHLIGHT}`);
      await submit('Put', 'guarded', 'y');
      expect(await query('GetPolicy', 'guarded')).toBe(`${HELIOS},${NORTHLIGHT}`);
      expect(await query('Get', 'guarded')).toBe('y');
    });

    it('hands over transient data, which is no part of the proposal hash', async () => {
      const fields = { ...call('Transient', 'secret'), transient: { secret: 'hidden' } };
      const { responses } = await client.endorse(fields);
      const payloads = responses.map((response) => response.getResponse()?.getPayload_asB64());
      expect(payloads).toEqual(Array(3).fill(Buffer.from('hidden').toString('base64')));
    });

    it('tells the contract who calls', async () => {
      expect(JSON.parse(await query('Caller'))).toMatchObject({ mspId: NORTHLIGHT });
    });

    it('serves requests that a contract makes all at once', async () => {
      expect(await submit('Together', 'together-')).toBe(Code.VALID);
      expect(await query('Get', 'together-d')).toBe('together-d');
    });

    it('answers a failing contract with status 500 and no endorsement', async () => {
      const { responses } = await client.endorse(call('Fail', 'DEVICE_NOT_FOUND: no such lamp'));
      expect(responses.map((response) => response.getEndorsement())).toEqual(
        Array(3).fill(undefined),
      );
      expect(responses[0]?.getResponse()?.getStatus()).toBe(500);
      expect(responses[0]?.getResponse()?.getMessage()).toBe('DEVICE_NOT_FOUND: no such lamp');
    });

    it('deletes a key by an empty value, as a real peer does', async () => {
      await submit('Put', 'emptied', 'x');
      await submit('Put', 'emptied', '');
      expect(await query('Range', 'emptied', 'emptied~')).toBe('[]');
      expect(JSON.parse(await query('History', 'emptied'))).toMatchObject([
        { isDelete: true },
        { isDelete: false, value: 'x' },
      ]);
    });

    it.each([
      ['private data collections are not served', 'Private'],
      ['private data collections are not served', 'Secret', 'putPrivateData', '["key", "value"]'],
      ['private data collections are not served', 'Secret', 'deletePrivateData', '["key"]'],
      ['private data collections are not served', 'Secret', 'purgePrivateData', '["key"]'],
      ['private data collections are not served', 'Secret', 'getPrivateDataHash', '["key"]'],
      ['private data collections are not served', 'Secret', 'getPrivateDataByRange', '["a", "b"]'],
      ['private data collections', 'Secret', 'getPrivateDataValidationParameter', '["key"]'],
      ['rich queries need a document database', 'Secret', 'getPrivateDataQueryResult', '["{}"]'],
      ['rich queries need a document database', 'Rich'],
      ['rich queries need a document database', 'RichPage'],
    ])('says %s for %s %s', async (sentence, name, ...args) => {
      const response = await client.query(call(name, ...args));
      expect(response.getStatus()).toBe(500);
      expect(response.getMessage()).toContain(sentence);
    });

    it('ends an execution at its timeout, and the chaincode goes on', async () => {
      const response = await client.query(call('Sleep', '5300'));
      expect(response.getStatus()).toBe(500);
      expect(response.getMessage()).toContain('timeout expired while executing transaction');
      expect(await query('Get', 'gone')).toBe('');
    });

    it('gives every peer the same response', async () => {
      const { responses } = await client.endorse(call('CountInto', 'many', 'many~', 'count'));
      const payloads = new Set(responses.map((response) => response.getPayload_asB64()));
      expect(payloads.size).toBe(1);
    });
  });

  describe('checking proposals', () => {
    it.each([
      ['a wrong transaction id', { transactionId: 'ab'.repeat(32) }, 'incorrectly computed txid'],
      ['a foreign header type', { type: 6 }, 'invalid header type 6'],
      ['an epoch', { epoch: 1 }, 'epoch is non-zero'],
      ['no nonce', { nonce: new Uint8Array() }, 'nonce or creator is empty'],
      ['no chaincode name', { chaincode: '' }, 'expected a chaincode name'],
    ])('answers %s with UNKNOWN and a text', async (_, fields, text) => {
      const draft = newDraft(client.signer, { ...call('Get', 'x'), ...fields });
      await expect(
        client.process(client.peers[0]!, signDraft(draft, client.signer)),
      ).rejects.toMatchObject({
        code: status.UNKNOWN,
        details: expect.stringContaining(text) as string,
      });
    });

    it('answers bytes that are no proposal with UNKNOWN and a text', async () => {
      await expect(
        client.call(client.peers[0]!, PROCESS, Buffer.from('ffffffff', 'hex')),
      ).rejects.toMatchObject({
        code: status.UNKNOWN,
        details: expect.stringContaining('error unmarshalling SignedProposal') as string,
      });
    });

    it('refuses the signature of somebody else', async () => {
      const other = await clientOf(HELIOS);
      const draft = newDraft(client.signer, call('Get', 'x'));
      await expect(
        client.process(client.peers[0]!, signDraft(draft, other.signer)),
      ).rejects.toMatchObject({ details: expect.stringContaining('SIGNATURE_WRONG') as string });
    });

    it('refuses a peer as a writer', async () => {
      const other = await clientOf(HELIOS, 'peer');
      const draft = newDraft(other.signer, call('Get', 'x'));
      await expect(
        client.process(client.peers[0]!, signDraft(draft, other.signer)),
      ).rejects.toMatchObject({ details: expect.stringContaining('may not write') as string });
    });

    it('refuses a transaction id that is committed', async () => {
      const draft = newDraft(client.signer, call('Put', 'twice', 'x'));
      const signed = signDraft(draft, client.signer);
      const responses = await Promise.all(client.peers.map((node) => client.process(node, signed)));
      await client.broadcast(newEnvelope(draft, responses, client.signer));
      await committed(draft.transactionId);
      await expect(client.process(client.peers[0]!, signed)).rejects.toMatchObject({
        code: status.UNKNOWN,
        details: expect.stringContaining('duplicate transaction found') as string,
      });
    });

    it('answers an unknown channel and an unknown chaincode with status 500', async () => {
      const channel = await client.query({ ...call('Get', 'x'), channel: 'town' });
      expect(channel.toObject()).toMatchObject({
        status: 500,
        message: "channel 'town' not found",
      });
      const missing = await client.query({ ...call('Get', 'x'), chaincode: 'nowhere' });
      expect(missing.getStatus()).toBe(500);
      expect(missing.getMessage()).toContain('chaincode nowhere not found');
    });
  });

  describe('answering system chaincodes', () => {
    it('tells the height of the chain', async () => {
      const answer = await ask('qscc', 'city', 'GetChainInfo', 'city');
      const info = common.BlockchainInfo.deserializeBinary(answer.getPayload_asU8());
      expect(info.getHeight()).toBe(network.blocks().height);
      expect(info.getCurrentblockhash_asU8()).toHaveLength(32);
    });

    it('finds blocks by number, hash and transaction, and transactions', async () => {
      const { draft, responses } = await client.endorse(call('Put', 'found', 'x'));
      await client.broadcast(newEnvelope(draft, responses, client.signer));
      await committed(draft.transactionId);
      const byId = await ask('qscc', 'city', 'GetBlockByTxID', 'city', draft.transactionId);
      const block = common.Block.deserializeBinary(byId.getPayload_asU8());
      const number = block.getHeader()!.getNumber();
      const byNumber = await ask('qscc', 'city', 'GetBlockByNumber', 'city', String(number));
      expect(byNumber.getPayload_asB64()).toBe(byId.getPayload_asB64());
      const next = await ask('qscc', 'city', 'GetChainInfo', 'city');
      const hash = common.BlockchainInfo.deserializeBinary(next.getPayload_asU8());
      const byHash = await ask(
        'qscc',
        'city',
        'GetBlockByHash',
        'city',
        hash.getCurrentblockhash_asU8(),
      );
      const newest = common.Block.deserializeBinary(byHash.getPayload_asU8());
      expect(newest.getHeader()!.getNumber()).toBe(hash.getHeight() - 1);
      const found = await ask('qscc', 'city', 'GetTransactionByID', 'city', draft.transactionId);
      const processed = peer.ProcessedTransaction.deserializeBinary(found.getPayload_asU8());
      expect(processed.getValidationcode()).toBe(Code.VALID);
      expect(processed.getTransactionenvelope()?.getSignature_asU8().length).toBeGreaterThan(60);
    });

    it.each([
      [
        'a block that does not exist',
        ['GetBlockByNumber', 'city', '99999'],
        'Failed to get block number 99999, error no such block number [99999] in index',
      ],
      [
        'a number that is none',
        ['GetBlockByNumber', 'city', '0x1'],
        'Failed to parse block number',
      ],
      [
        'a number beyond 64 bits',
        ['GetBlockByNumber', 'city', '18446744073709551616'],
        'Failed to parse block number',
      ],
      ['no number', ['GetBlockByNumber', 'city'], 'expected at least 2 arguments'],
      [
        'an unknown transaction',
        ['GetTransactionByID', 'city', 'ab'],
        'Failed to get transaction with id ab, error no such transaction ID [ab] in index',
      ],
      [
        'the block of an unknown transaction',
        ['GetBlockByTxID', 'city', 'ab'],
        'Failed to get block for txID ab, error no such transaction ID [ab] in index',
      ],
      [
        'an unknown hash',
        ['GetBlockByHash', 'city', 'ab'],
        'Failed to get block hash 6162, error no such block hash [6162] in index',
      ],
      ['another channel', ['GetChainInfo', 'town'], 'Invalid chain ID, town'],
      ['no channel', ['GetChainInfo'], 'Incorrect number of arguments, 1'],
      ['an unknown function', ['Launch', 'city'], 'Requested function Launch not found'],
    ])('answers %s with status 500', async (_, args, text) => {
      const response = await ask('qscc', 'city', ...args);
      expect(response.getStatus()).toBe(500);
      expect(response.getMessage()).toContain(text);
    });

    it('lists the channel and gives its configuration', async () => {
      const list = await ask('cscc', '', 'GetChannels');
      const channels = peer.ChannelQueryResponse.deserializeBinary(list.getPayload_asU8());
      expect(channels.toObject().channelsList).toEqual([{ channelId: 'city' }]);
      const answer = await ask('cscc', '', 'GetChannelConfig', 'city');
      const config = common.Config.deserializeBinary(answer.getPayload_asU8());
      const application = config.getChannelGroup()!.getGroupsMap().get('Application')!;
      expect([...application.getGroupsMap().keys()]).toEqual([HELIOS, MERIDIAN, NORTHLIGHT]);
      const block = await ask('cscc', '', 'GetConfigBlock', 'city');
      expect(common.Block.deserializeBinary(block.getPayload_asU8()).getHeader()!.getNumber()).toBe(
        0,
      );
    });

    it('gives the last block for the largest number', async () => {
      const answer = await ask('qscc', 'city', 'GetBlockByNumber', 'city', '18446744073709551615');
      const block = common.Block.deserializeBinary(answer.getPayload_asU8());
      expect(block.getHeader()!.getNumber()).toBe(network.blocks().height - 1);
    });

    it.each([
      [['GetChannelConfig', 'town'], 'unknown channel ID, town'],
      [['GetConfigBlock', ''], 'empty channel name provided'],
      [['GetConfigBlock'], 'Incorrect number of arguments, 1'],
      [['JoinChainBySnapshot', 'folder'], 'not served by the embedded network'],
      [['JoinBySnapshotStatus'], 'expected an admin of NorthlightMSP, got a client'],
      [['Dance', 'city'], 'Requested function Dance not found'],
    ])('answers cscc %j with status 500', async (args, text) => {
      const response = await ask('cscc', '', ...args);
      expect(response.getStatus()).toBe(500);
      expect(response.getMessage()).toContain(text);
    });

    it('tells an administrator that it joins no channel by a snapshot', async () => {
      const administrator = await clientOf(NORTHLIGHT, 'admin');
      const fields = { chaincode: 'cscc', channel: '', args: ['JoinBySnapshotStatus'] };
      const response = await administrator.query(fields);
      const answer = peer.JoinBySnapshotStatus.deserializeBinary(response.getPayload_asU8());
      expect([response.getStatus(), answer.getInProgress()]).toEqual([200, false]);
    });

    it('answers questions without a channel for members of its own organisation only', async () => {
      await expect(
        client.query({ chaincode: 'cscc', channel: '', args: ['GetChannels'] }, client.peers[1]),
      ).rejects.toMatchObject({
        details: expect.stringContaining('expected a member of') as string,
      });
    });

    it('refuses to join channels', async () => {
      const response = await ask('cscc', '', 'JoinChain', 'x');
      expect(response.getMessage()).toContain('not served by the embedded network');
    });

    it('tells the chaincode definitions', async () => {
      const args = new peer.lifecycle.QueryChaincodeDefinitionArgs();
      args.setName('features');
      const one = await ask(
        '_lifecycle',
        'city',
        'QueryChaincodeDefinition',
        args.serializeBinary(),
      );
      const result = peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(
        one.getPayload_asU8(),
      );
      expect([result.getVersion(), result.getSequence()]).toEqual(['1.0', 1]);
      expect(result.getApprovalsMap().toObject(false)).toEqual([
        [HELIOS, true],
        [MERIDIAN, true],
        [NORTHLIGHT, true],
      ]);
      const all = await ask('_lifecycle', 'city', 'QueryChaincodeDefinitions', '');
      const list = peer.lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(
        all.getPayload_asU8(),
      );
      expect(list.getChaincodeDefinitionsList().map((found) => found.getName())).toEqual([
        'features',
      ]);
    });
  });

  describe('leaving services out', () => {
    it.each([
      ['/protos.Snapshot/Generate', 'copy its directory'],
      ['/protos.ChaincodeSupport/Register', 'chaincode as a service'],
    ])('answers %s with UNIMPLEMENTED and what to use', async (path, sentence) => {
      await expect(client.call(client.peers[0]!, path, new Uint8Array())).rejects.toMatchObject({
        code: status.UNIMPLEMENTED,
        details: expect.stringContaining(sentence) as string,
      });
    });
  });

  describe('when the chaincode stops', () => {
    it('answers at once with status 500, and dials again after its restart', async () => {
      const port = Number(chaincode.address.split(':')[1]);
      await chaincode.stop();
      const response = await client.query(call('Get', 'own'));
      expect(response.getStatus()).toBe(500);
      expect(response.getMessage()).toContain('error in simulation');
      chaincode = await startChaincode(port);
      expect(await query('Get', 'own')).toBe('old');
    });
  });
});

interface Page {
  readonly records: readonly (readonly [string, string])[];
  readonly bookmark: string;
}
