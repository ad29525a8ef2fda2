import { common, ledger, peer } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import { signaturePolicy } from '../../../network/src/embedded/config-policies.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { freePort, PACKAGE_ID, startChaincode } from './chaincode-process.ts';
import { CHAINCODE, HELIOS, MERIDIAN, newTestNetwork, NORTHLIGHT } from './fabric-client.ts';
import { newEnvelope, RawClient, type CommitListener } from './raw-client.ts';

jest.setTimeout(60_000);

const Code = peer.TxValidationCode;
const OTHER_PACKAGE = `other_1.0:${'cd'.repeat(32)}`;
const ALL = 3;

/** A policy that only all three organisations together meet. */
function unanimous(): Uint8Array {
  const principals = [NORTHLIGHT, HELIOS, MERIDIAN].map((mspId) => ({
    mspId,
    role: 'peer' as const,
  }));
  const policy = new common.ApplicationPolicy();
  policy.setSignaturePolicy(signaturePolicy(ALL, principals));
  return policy.serializeBinary();
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly payload: string;
}

describe('chaincodes that call each other', () => {
  let network: EmbeddedNetwork;
  let client: RawClient;
  let listeners: readonly CommitListener[];
  const closers = new Closers();

  beforeAll(async () => {
    const [first, second] = await Promise.all([
      startChaincode(await freePort()),
      startChaincode(await freePort(), OTHER_PACKAGE),
    ]);
    closers.add(() => first.stop());
    closers.add(() => second.stop());
    const common = { version: '1.0', sequence: 1 };
    const setting = await newTestNetwork(first.address, {
      executionTimeoutMs: 2_000,
      chaincodes: [
        { name: CHAINCODE, ...common, packageId: PACKAGE_ID, address: first.address },
        {
          name: 'other',
          ...common,
          packageId: OTHER_PACKAGE,
          address: second.address,
          endorsementPolicy: unanimous(),
        },
      ],
    });
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    const signer = newSigner(await network.enrol(NORTHLIGHT, 'raw', 'client'));
    client = new RawClient(network.connectionProfile(NORTHLIGHT), signer);
    closers.add(async () => {
      await Promise.resolve();
      client.close();
    });
    listeners = await Promise.all(client.peers.map((node) => client.follow(node)));
  });

  afterAll(() => closers.closeAll());

  const call = (name: string, ...args: string[]): { args: string[] } => ({
    args: [`Features:${name}`, ...args],
  });

  /** Waits for all peers: the next endorsements must come from one height. */
  async function committed(transactionId: string): Promise<number> {
    const codes = await Promise.all(listeners.map((listener) => listener.code(transactionId)));
    expect(new Set(codes).size).toBe(1);
    return codes[0]!;
  }

  async function submit(
    fields: { chaincode?: string; args: string[] },
    nodes: readonly string[] = client.peers,
  ): Promise<number> {
    const { draft, responses } = await client.endorse(fields, nodes);
    expect(responses.map((response) => response.getResponse()?.getMessage())).toEqual(
      nodes.map(() => ''),
    );
    await client.broadcast(newEnvelope(draft, responses, client.signer));
    return committed(draft.transactionId);
  }

  async function read(chaincode: string, key: string): Promise<string> {
    const response = await client.query({ chaincode, ...call('Get', key) });
    return Buffer.from(response.getPayload_asU8()).toString();
  }

  /** Lets `features` call something. */
  async function callFrom(chaincode: string, channel: string, ...args: string[]): Promise<Answer> {
    const response = await client.query(call('Call', chaincode, channel, JSON.stringify(args)));
    expect([response.getStatus(), response.getMessage()]).toEqual([200, '']);
    return JSON.parse(Buffer.from(response.getPayload_asU8()).toString()) as Answer;
  }

  it('lets the callee read and write in its own namespace, in the same transaction', async () => {
    await submit({ chaincode: 'other', ...call('Put', 'shared', '41') });
    expect(await submit(call('PutHereAndThere', 'other', 'shared', 'x'))).toBe(Code.VALID);
    expect(await read(CHAINCODE, 'shared')).toBe('here x');
    expect(await read('other', 'shared')).toBe('42');
  });

  it('notes reads and writes as a real peer does, and only the first chaincode sets an event', async () => {
    const { responses } = await client.endorse(call('PutHereAndThere', 'other', 'noted', '1'));
    const payload = peer.ProposalResponsePayload.deserializeBinary(responses[0]!.getPayload_asU8());
    const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
    const { TxReadWriteSet, kvrwset } = ledger.rwset;
    const sets = TxReadWriteSet.deserializeBinary(action.getResults_asU8()).getNsRwsetList();
    const contents = sets.map((set) => {
      const content = kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8());
      return [
        set.getNamespace(),
        content.getReadsList().map((found) => found.getKey()),
        content.getWritesList().map((found) => found.getKey()),
      ];
    });
    const sequence = (name: string): string => `namespaces/fields/${name}/Sequence`;
    expect(contents).toEqual([
      ['_lifecycle', [sequence('features'), sequence('other')], []],
      ['features', [], ['noted']],
      ['other', ['noted'], ['emitted', 'noted']],
    ]);
    expect(action.getEvents_asU8()).toHaveLength(0);
    expect(action.getChaincodeId()?.getName()).toBe('features');
  });

  it('holds what the callee writes to the policy of the callee', async () => {
    const [first, second] = client.peers;
    const two = [first!, second!];
    expect(await submit(call('Put', 'alone', 'x'), two)).toBe(Code.VALID);
    expect(await submit(call('PutHereAndThere', 'other', 'alone', 'y'), two)).toBe(
      Code.ENDORSEMENT_POLICY_FAILURE,
    );
    expect(await read(CHAINCODE, 'alone')).toBe('x');
  });

  it('asks for no policy of a callee that only reads', async () => {
    const [first, second] = client.peers;
    const fields = call('Call', 'other', '', JSON.stringify(['Features:Get', 'shared']));
    expect(await submit(fields, [first!, second!])).toBe(Code.VALID);
  });

  it('finds a conflict in what the callee read', async () => {
    const fields = call('PutHereAndThere', 'other', 'contended', '1');
    const [one, two] = await Promise.all([client.endorse(fields), client.endorse(fields)]);
    const codes = [];
    for (const { draft, responses } of [one, two]) {
      await client.broadcast(newEnvelope(draft, responses, client.signer));
      codes.push(await committed(draft.transactionId));
    }
    expect(codes).toEqual([Code.VALID, Code.MVCC_READ_CONFLICT]);
  });

  it('gives the answer of the callee back, its errors too', async () => {
    expect(await callFrom('other', '', 'Features:Get', 'shared')).toEqual({
      status: 200,
      message: '',
      payload: '42',
    });
    expect(await callFrom('other:9.9', 'city', 'Features:Get', 'shared')).toMatchObject({
      payload: '42',
    });
    expect(await callFrom('other', '', 'Features:Fail', 'NO_LAMP: none')).toMatchObject({
      status: 500,
      message: 'NO_LAMP: none',
    });
  });

  it('lets a callee ask _lifecycle, but neither qscc nor cscc', async () => {
    const question = new peer.lifecycle.QueryChaincodeDefinitionArgs();
    question.setName('other');
    const args = [
      'QueryChaincodeDefinition',
      Buffer.from(question.serializeBinary()).toString('utf8'),
    ];
    expect(await callFrom('_lifecycle', '', ...args)).toMatchObject({ status: 200 });
    expect(await callFrom('qscc', '', 'GetChainInfo', 'city')).toMatchObject({
      status: 500,
      message:
        "Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation for 'features'",
    });
    expect(await callFrom('cscc', '', 'GetChannels')).toMatchObject({
      status: 500,
      message:
        "Rejecting invoke of CSCC from another chaincode, original invocation for 'features'",
    });
  });

  it.each([
    ['a chaincode that does not exist', 'nowhere', '', 'chaincode nowhere not found'],
    ['another channel', 'other', 'town', 'failed to find ledger for channel: town'],
    ['itself', CHAINCODE, '', '(city) exists'],
  ])('does not call %s', async (_, chaincode, channel, text) => {
    const args = JSON.stringify(['Features:Get', 'x']);
    const response = await client.query(call('Call', chaincode, channel, args));
    expect(response.getStatus()).toBe(500);
    expect(response.getMessage()).toMatch(
      /INVOKE_CHAINCODE failed: transaction ID: [0-9a-f]{64}: /,
    );
    expect(response.getMessage()).toContain(text);
  });

  it('does not call back who is waiting', async () => {
    const back = JSON.stringify([
      'Features:Call',
      CHAINCODE,
      '',
      JSON.stringify(['Features:Get', 'x']),
    ]);
    const answer = await client.query(call('Call', 'other', '', back));
    expect(Buffer.from(answer.getPayload_asU8()).toString()).toContain('(city) exists');
  });

  it('ends the callee with its caller', async () => {
    const slow = JSON.stringify(['Features:Sleep', '2400']);
    const response = await client.query(call('Call', 'other', '', slow));
    expect(response.getStatus()).toBe(500);
    expect(response.getMessage()).toContain('timeout expired while executing transaction');
    expect(await read('other', 'shared')).toBe('42');
  });

  it('answers every peer alike', async () => {
    const { responses } = await client.endorse(call('PutHereAndThere', 'other', 'alike', '1'));
    expect(new Set(responses.map((found) => found.getPayload_asB64())).size).toBe(1);
  });
});
