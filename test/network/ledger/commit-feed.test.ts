/** Commits as several organisations' peers tell them, by streams that a test writes to. */
import { EventEmitter } from 'node:events';

import { orderer, peer } from '@hyperledger/fabric-protos';

import { CommitFeed } from '../../../network/src/ledger/commit-feed.ts';
import type { FilteredBlock } from '../../../network/src/ledger/filtered-blocks.ts';
import type { NodeClient } from '../../../network/src/ledger/node-client.ts';
import { codeOf } from '../code-of.ts';

const { VALID, MVCC_READ_CONFLICT } = peer.TxValidationCode;
type Code = peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap];

function aBlock(number: number, transactions: Readonly<Record<string, Code>> = {}): Uint8Array {
  const block = new peer.FilteredBlock();
  block.setNumber(number);
  for (const [id, code] of Object.entries(transactions)) {
    const transaction = new peer.FilteredTransaction();
    transaction.setTxid(id);
    transaction.setTxValidationCode(code);
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId('lamplighter');
    event.setEventName('ValidatorElected');
    const action = new peer.FilteredChaincodeAction();
    action.setChaincodeEvent(event);
    const actions = new peer.FilteredTransactionActions();
    actions.addChaincodeActions(action);
    transaction.setTransactionActions(actions);
    block.addFilteredTransactions(transaction);
  }
  const response = new peer.DeliverResponse();
  response.setFilteredBlock(block);
  return response.serializeBinary();
}

/** A peer's stream; it begins with a block at once, unless it is told to be silent. */
class Peer {
  readonly name: string;
  begins: boolean;
  readonly starts: (number | undefined)[] = [];
  #stream: EventEmitter | undefined;

  constructor(name: string, begins = true) {
    this.name = name;
    this.begins = begins;
  }

  stream(): unknown {
    const stream = new EventEmitter();
    this.#stream = stream;
    const write = (bytes: Uint8Array): void => {
      const start = orderer.SeekInfo.deserializeBinary(bytes).getStart();
      this.starts.push(start?.getSpecified()?.getNumber());
      if (this.begins) this.tell(aBlock(start?.getSpecified()?.getNumber() ?? 4));
    };
    return Object.assign(stream, { write, cancel: () => undefined });
  }

  tell(block: Uint8Array): void {
    const stream = this.#stream;
    setImmediate(() => stream?.emit('data', block));
  }

  break(): void {
    this.#stream?.emit('error', new Error('broken'));
  }
}

describe('feed of commits', () => {
  let peers: readonly Peer[];
  let feed: CommitFeed;
  let blocks: FilteredBlock[];

  const client = (index: number): NodeClient => peers[index] as unknown as NodeClient;
  const follow = (...those: readonly Peer[]): void => {
    peers = those;
    blocks = [];
    feed = new CommitFeed({
      peers: those.map((one, index) => ({ mspId: `${one.name}MSP`, client: client(index) })),
      newSeekEnvelope: (seek) => seek,
      suffices: ({ size }) => size > 1,
      onBlock: (block) => blocks.push(block),
    });
  };

  beforeEach(() => {
    follow(new Peer('A'), new Peer('B'), new Peer('C'));
  });

  afterEach(() => {
    feed.close(new Error('closed'));
  });

  it('believes two organisations, and neither the first nor one alone', async () => {
    using status = await feed.listenFor('tx');
    peers[0]?.tell(aBlock(5, { tx: MVCC_READ_CONFLICT }));
    peers[1]?.tell(aBlock(5, { tx: VALID }));
    expect(await codeOf(() => status.committed(50, undefined))).toBe('TIMEOUT');
    using again = await feed.listenFor('tx');
    peers[1]?.tell(aBlock(6, { tx: VALID }));
    peers[2]?.tell(aBlock(6, { tx: VALID }));
    expect(await again.committed(5_000, undefined)).toEqual({ code: 'VALID', blockNumber: 6 });
  });

  it('does not wait for a peer that sends nothing', async () => {
    follow(new Peer('A'), new Peer('B'), new Peer('C', false));
    using status = await feed.listenFor('tx');
    for (const one of peers.slice(0, 2)) one.tell(aBlock(5, { tx: VALID }));
    expect((await status.committed(5_000, undefined)).code).toBe('VALID');
    expect(feed.has(client(0), 5)).toBe(true);
    expect(feed.has(client(0), 6)).toBe(false);
  });

  it('leaves a peer whose blocks can not be read', async () => {
    using status = await feed.listenFor('tx');
    peers[2]?.tell(Buffer.from('ffff', 'hex'));
    for (const one of peers.slice(0, 2)) one.tell(aBlock(5, { tx: VALID }));
    expect((await status.committed(5_000, undefined)).code).toBe('VALID');
    expect(feed.has(client(1), 6)).toBe(false);
    // Nobody listens to it any more.
    expect(feed.has(client(2), 6)).toBe(true);
  });

  it('is content with those that are left', async () => {
    using status = await feed.listenFor('tx');
    peers[0]?.tell(aBlock(5, { tx: VALID }));
    const committed = status.committed(5_000, undefined);
    await feed.caughtUp([client(0)], 5, 1_000);
    peers[1]?.break();
    peers[2]?.break();
    expect((await committed).code).toBe('VALID');
  });

  it('knows nothing when all are gone', async () => {
    using status = await feed.listenFor('tx');
    for (const one of peers) one.break();
    expect(await codeOf(() => status.committed(5_000, undefined))).toBe('UNAVAILABLE');
  });

  it('takes up a broken stream where it ended, so that nothing is missed', async () => {
    using status = await feed.listenFor('tx');
    for (const one of peers.slice(0, 2)) one.tell(aBlock(6));
    await feed.caughtUp([client(0), client(1)], 6, 1_000);
    peers[0]?.break();
    peers[1]?.break();
    const committed = status.committed(10_000, undefined);
    for (const one of peers.slice(0, 2)) {
      while (one.starts.length < 2) await new Promise(setImmediate);
      one.tell(aBlock(7, { tx: VALID }));
    }
    expect(await committed).toEqual({ code: 'VALID', blockNumber: 7 });
    expect(peers.map(({ starts }) => starts)).toEqual([
      [undefined, 6],
      [undefined, 6],
      [undefined],
    ]);
  });

  it('waits for peers to come to a block, but not for ever', async () => {
    using _ = await feed.listenFor('tx');
    const started = feed.caughtUp([client(0)], 9, 5_000);
    peers[0]?.tell(aBlock(9));
    await started;
    expect(feed.has(client(0), 9)).toBe(true);
    await feed.caughtUp([client(1)], 9, 20);
    expect(feed.has(client(1), 9)).toBe(false);
  });

  it('tells blocks with the events of what is valid', async () => {
    using status = await feed.listenFor('tx');
    for (const one of peers) one.tell(aBlock(5, { tx: VALID, other: MVCC_READ_CONFLICT }));
    await status.committed(5_000, undefined);
    expect(blocks.at(-1)?.events).toEqual([{ chaincode: 'lamplighter', name: 'ValidatorElected' }]);
  });

  it('fails when no peer can be listened to', async () => {
    const listening = codeOf(() => feed.listenFor('tx'));
    for (const one of peers) one.break();
    expect(await listening).toBe('UNAVAILABLE');
  });
});
