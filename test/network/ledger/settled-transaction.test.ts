import { common, peer } from '@hyperledger/fabric-protos';

import type { PeerNode } from '../../../network/src/ledger/nodes.ts';
import { askSettled, outcomeIn } from '../../../network/src/ledger/settled-transaction.ts';

const { VALID, MVCC_READ_CONFLICT, DUPLICATE_TXID } = peer.TxValidationCode;

function envelopeOf(transactionId: string): Uint8Array {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setTxId(transactionId);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

function blockOf(
  blockNumber: number,
  ...transactions: readonly (readonly [id: string, code: number])[]
): Uint8Array {
  const header = new common.BlockHeader();
  header.setNumber(blockNumber);
  const data = new common.BlockData();
  data.setDataList(transactions.map(([id]) => envelopeOf(id)));
  const metadata = new common.BlockMetadata();
  const flags = Uint8Array.from(transactions.map(([, code]) => code));
  metadata.setMetadataList([new Uint8Array(), new Uint8Array(), flags]);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block.serializeBinary();
}

describe('the outcome in a block', () => {
  it('is that of the first transaction of the id', () => {
    const block = blockOf(7, ['a', VALID], ['b', MVCC_READ_CONFLICT], ['b', DUPLICATE_TXID]);
    expect(outcomeIn(block, 'a')).toEqual({ code: 'VALID', blockNumber: 7 });
    expect(outcomeIn(block, 'b')).toEqual({ code: 'MVCC_READ_CONFLICT', blockNumber: 7 });
  });

  it('is none for another id, and for a block without its codes', () => {
    expect(outcomeIn(blockOf(7, ['a', VALID]), 'b')).toBeUndefined();
    const block = common.Block.deserializeBinary(blockOf(7, ['a', VALID]));
    block.setMetadata(undefined);
    expect(outcomeIn(block.serializeBinary(), 'a')).toBeUndefined();
  });

  it('is found behind what cannot be read', () => {
    const block = common.Block.deserializeBinary(blockOf(7, ['x', VALID], ['a', VALID]));
    const [, readable] = block.getData()!.getDataList_asU8();
    block.getData()!.setDataList([Buffer.from('ffff', 'hex'), readable!]);
    expect(outcomeIn(block.serializeBinary(), 'a')).toEqual({ code: 'VALID', blockNumber: 7 });
  });
});

describe('peers that are asked', () => {
  const said: Record<string, () => Promise<Uint8Array>> = {
    valid: () => Promise.resolve(blockOf(7, ['a', VALID])),
    invalid: () => Promise.resolve(blockOf(7, ['a', MVCC_READ_CONFLICT])),
    unknown: () => Promise.reject(new Error('no such transaction ID')),
    garbage: () => Promise.resolve(Buffer.from('ffff', 'hex')),
    silent: () => new Promise(() => undefined),
  };
  const ask = (...answers: readonly string[]) =>
    askSettled({
      transactionId: 'a',
      peers: answers.map((answer, index) => ({ mspId: `${answer}-${index}` }) as PeerNode),
      blockAt: ({ mspId }) => said[mspId.split('-')[0]!]!(),
      suffices: (mspIds) => mspIds.size >= 2,
    });

  it('are believed when enough say the same, without waiting for the rest', async () => {
    expect(await ask('silent', 'valid', 'valid')).toEqual({ code: 'VALID', blockNumber: 7 });
    expect(await ask('invalid', 'valid', 'invalid')).toMatchObject({ code: 'MVCC_READ_CONFLICT' });
  });

  it.each<readonly string[]>([
    ['valid', 'invalid', 'unknown'],
    ['valid', 'garbage'],
    ['unknown', 'unknown'],
    [],
  ])('leave it open when they are %j %j %j', async (...answers) => {
    expect(await ask(...answers.filter(Boolean))).toBeUndefined();
  });
});
