/** Events by streams of blocks that a test writes to, at one peer and another. */
import { EventEmitter } from 'node:events';

import { common, orderer, peer } from '@hyperledger/fabric-protos';

import { blockSource } from '../../../network/src/ledger/block-source.ts';
import type { BlockOfEvents } from '../../../network/src/ledger/event-stream.ts';
import type { NodeClient } from '../../../network/src/ledger/node-client.ts';

const { VALID, MVCC_READ_CONFLICT } = peer.TxValidationCode;

interface Transaction {
  readonly id: string;
  readonly code: number;
  readonly chaincode?: string;
  readonly event?: string;
  readonly type?: number;
}

function envelopeOf({ id, chaincode = 'lamplighter', event = '', type }: Transaction): Uint8Array {
  const action = new peer.ChaincodeAction();
  if (event !== '') {
    const content = new peer.ChaincodeEvent();
    content.setChaincodeId(chaincode);
    content.setTxId('what the contract says');
    content.setEventName(event);
    content.setPayload(Buffer.from(id));
    action.setEvents(content.serializeBinary());
  }
  const response = new peer.ProposalResponsePayload();
  response.setExtension$(action.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(response.serializeBinary());
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setAction(endorsed);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.addActions(transactionAction);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(type ?? common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setTxId(id);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

function aBlock(blockNumber: number, ...transactions: readonly Transaction[]): Uint8Array {
  const header = new common.BlockHeader();
  header.setNumber(blockNumber);
  const data = new common.BlockData();
  data.setDataList(transactions.map(envelopeOf));
  const metadata = new common.BlockMetadata();
  const flags = Uint8Array.from(transactions.map(({ code }) => code));
  metadata.setMetadataList([new Uint8Array(), new Uint8Array(), flags]);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  const response = new peer.DeliverResponse();
  response.setBlock(block);
  return response.serializeBinary();
}

function aStatus(): Uint8Array {
  const response = new peer.DeliverResponse();
  response.setStatus(common.Status.FORBIDDEN);
  return response.serializeBinary();
}

/** A peer's streams, each with the block that it was asked for first. */
class Peer {
  readonly starts: number[] = [];
  readonly #opened: (() => void)[] = [];
  stream: EventEmitter = new EventEmitter();
  cancelled = 0;

  get client(): NodeClient {
    return { stream: () => this.#open() } as unknown as NodeClient;
  }

  /** Resolves when it was asked so often. */
  async asked(times: number): Promise<void> {
    while (this.starts.length < times) {
      await new Promise<void>((resolve) => this.#opened.push(resolve));
    }
  }

  #open(): unknown {
    this.stream = new EventEmitter();
    const write = (bytes: Uint8Array): void => {
      const start = orderer.SeekInfo.deserializeBinary(bytes).getStart();
      this.starts.push(start!.getSpecified()!.getNumber());
      for (const resolve of this.#opened.splice(0)) resolve();
    };
    const cancel = (): void => {
      this.cancelled += 1;
    };
    return Object.assign(this.stream, { write, cancel });
  }
}

describe('blocks of the own peers', () => {
  let peers: readonly [Peer, Peer];
  let heard: BlockOfEvents[];
  let stop: () => void;

  beforeEach(async () => {
    jest.useFakeTimers();
    peers = [new Peer(), new Peer()];
    heard = [];
    const source = blockSource({
      peers: peers.map(({ client }) => client),
      chaincode: 'lamplighter',
      newSeekEnvelope: (seek) => seek,
    });
    stop = await source.subscribe(5, (block) => heard.push(block));
  });

  afterEach(() => {
    stop();
    jest.useRealTimers();
  });

  it('bring the events of one chaincode in valid transactions, under the ids of those', () => {
    const [{ stream }] = peers;
    stream.emit(
      'data',
      aBlock(
        5,
        { id: 'a', code: VALID, event: 'Lit' },
        { id: 'b', code: MVCC_READ_CONFLICT, event: 'Lit' },
        { id: 'c', code: VALID, event: 'Lit', chaincode: 'another' },
        { id: 'd', code: VALID },
        { id: 'e', code: VALID, event: 'Lit', type: common.HeaderType.CONFIG },
        { id: 'f', code: VALID, event: 'Out' },
      ),
    );
    stream.emit('data', aBlock(6));
    expect(heard).toEqual([
      {
        blockNumber: 5,
        events: [
          {
            blockNumber: 5,
            transactionId: 'a',
            name: 'Lit',
            payload: new Uint8Array(Buffer.from('a')),
          },
          {
            blockNumber: 5,
            transactionId: 'f',
            name: 'Out',
            payload: new Uint8Array(Buffer.from('f')),
          },
        ],
      },
      { blockNumber: 6, events: [] },
    ]);
  });

  it.each<[string, (stream: EventEmitter) => void]>([
    ['breaks', (stream) => stream.emit('error', new Error('broken'))],
    ['ends', (stream) => stream.emit('end')],
    ['is refused', (stream) => stream.emit('data', aStatus())],
    ['brings what can not be read', (stream) => stream.emit('data', Buffer.from('ffff', 'hex'))],
    ['leaves a block out', (stream) => stream.emit('data', aBlock(8))],
  ])('go on at the next peer when a stream %s', async (_, fail) => {
    const [first, second] = peers;
    first.stream.emit('data', aBlock(5));
    fail(first.stream);
    await jest.advanceTimersByTimeAsync(100);
    await second.asked(1);
    expect(second.starts).toEqual([6]);
    second.stream.emit('data', aBlock(6));
    expect(heard.map(({ blockNumber }) => blockNumber)).toEqual([5, 6]);
  });

  it('are asked for with growing pauses while nobody has them, and soon again after', async () => {
    const [first, second] = peers;
    for (const [node, pauseMs] of [
      [first, 100],
      [second, 100],
      [first, 200],
      [second, 200],
      [first, 400],
    ] as const) {
      node.stream.emit('error', new Error('away'));
      const asked = first.starts.length + second.starts.length;
      await jest.advanceTimersByTimeAsync(pauseMs - 1);
      expect(first.starts.length + second.starts.length).toBe(asked);
      await jest.advanceTimersByTimeAsync(1);
      expect(first.starts.length + second.starts.length).toBe(asked + 1);
    }
    second.stream.emit('data', aBlock(5));
    second.stream.emit('error', new Error('away'));
    await jest.advanceTimersByTimeAsync(100);
    expect([...first.starts, ...second.starts]).toContain(6);
  });

  it('end when they are left, also between two tries', async () => {
    const [first, second] = peers;
    first.stream.emit('error', new Error('away'));
    stop();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(second.starts).toEqual([]);
    first.stream.emit('data', aBlock(5));
    expect(heard).toEqual([]);
    expect(first.cancelled).toBeGreaterThan(0);
  });
});
