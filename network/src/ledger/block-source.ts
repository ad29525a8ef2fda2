/**
 * Full blocks of the own organisation's peers, one after the other. A stream that ends is taken up at the block it came to, at the
 * next peer, with growing pauses: peers come and go, and others' peers might tell events that never were.
 */
import { common, peer } from '@hyperledger/fabric-protos';

import { plainView } from '../embedded/wire/fields.ts';
import { seekBlocks } from './commit-feed.ts';
import type { BlockOfEvents, BlockSource } from './event-stream.ts';
import type { LedgerEvent } from './ledger.ts';
import type { NodeClient } from './node-client.ts';

const DELIVER = '/protos.Deliver/Deliver';
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;
const { TRANSACTIONS_FILTER } = common.BlockMetadataIndex;
const { VALID } = peer.TxValidationCode;

export interface BlockSourceOptions {
  /** At least one; the first is asked first. */
  readonly peers: readonly NodeClient[];
  readonly chaincode: string;
  /** @returns a signed envelope that asks for blocks */
  readonly newSeekEnvelope: (seek: Uint8Array) => Uint8Array;
}

export function blockSource(options: BlockSourceOptions): BlockSource {
  return {
    subscribe: (startBlock, listener) => {
      const subscription = new Subscription(options, startBlock, listener);
      subscription.open();
      return Promise.resolve(() => {
        subscription.stop();
      });
    },
  };
}

class Subscription {
  readonly #options: BlockSourceOptions;
  readonly #listener: (block: BlockOfEvents) => void;
  #nextBlock: number;
  /** Streams that ended since a block came. */
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(
    options: BlockSourceOptions,
    startBlock: number,
    listener: (block: BlockOfEvents) => void,
  ) {
    this.#options = options;
    this.#nextBlock = startBlock;
    this.#listener = listener;
  }

  open(): void {
    const { peers, newSeekEnvelope } = this.#options;
    const node = peers[this.#failures % peers.length];
    if (node === undefined) return;
    const stream = node.stream(DELIVER);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      stream.cancel();
      this.#again();
    };
    this.#cancel = () => {
      isOver = true;
      stream.cancel();
    };
    stream.on('data', (bytes: Uint8Array) => {
      if (isOver || this.#take(bytes)) return;
      end();
    });
    stream.on('error', end);
    stream.on('end', end);
    stream.write(newSeekEnvelope(seekBlocks(this.#nextBlock)));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#cancel();
  }

  #again(): void {
    if (this.#isStopped) return;
    const rounds = Math.floor(this.#failures / this.#options.peers.length);
    this.#failures += 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** rounds, LONGEST_PAUSE_MS);
    this.#timer = setTimeout(() => {
      this.open();
    }, pauseMs).unref();
  }

  /** @returns false for what is not the next block */
  #take(bytes: Uint8Array): boolean {
    const block = blockIn(bytes, this.#options.chaincode);
    if (block?.blockNumber !== this.#nextBlock) return false;
    this.#failures = 0;
    this.#nextBlock += 1;
    this.#listener(block);
    return true;
  }
}

/** @returns undefined for what is no block, or none that can be read */
function blockIn(bytes: Uint8Array, chaincode: string): BlockOfEvents | undefined {
  try {
    const block = peer.DeliverResponse.deserializeBinary(plainView(bytes)).getBlock();
    const blockNumber = block?.getHeader()?.getNumber();
    if (block === undefined || blockNumber === undefined) return undefined;
    return { blockNumber, events: eventsOf(block, blockNumber, chaincode) };
  } catch {
    return undefined;
  }
}

/** Events of one chaincode in the valid transactions of a block. */
function eventsOf(
  block: common.Block,
  blockNumber: number,
  chaincode: string,
): readonly LedgerEvent[] {
  const flags = block.getMetadata()?.getMetadataList_asU8()[TRANSACTIONS_FILTER];
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  return envelopes
    .filter((_, index) => flags?.[index] === VALID)
    .flatMap(eventsOfEnvelope)
    .filter(({ event }) => event.getChaincodeId() === chaincode && event.getEventName() !== '')
    .map(({ transactionId, event }) => ({
      blockNumber,
      transactionId,
      name: event.getEventName(),
      payload: event.getPayload_asU8(),
    }));
}

interface EventOfTransaction {
  readonly transactionId: string;
  readonly event: peer.ChaincodeEvent;
}

function eventsOfEnvelope(bytes: Uint8Array): readonly EventOfTransaction[] {
  const envelope = common.Envelope.deserializeBinary(plainView(bytes));
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  if (header.getType() !== common.HeaderType.ENDORSER_TRANSACTION) return [];
  const transactionId = header.getTxId();
  return peer.Transaction.deserializeBinary(payload.getData_asU8())
    .getActionsList()
    .map(eventOfAction)
    .flatMap((event) => (event === undefined ? [] : [{ transactionId, event }]));
}

function eventOfAction(action: peer.TransactionAction): peer.ChaincodeEvent | undefined {
  const content = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  const bytes = content.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array();
  const response = peer.ProposalResponsePayload.deserializeBinary(bytes);
  const events = peer.ChaincodeAction.deserializeBinary(
    response.getExtension_asU8(),
  ).getEvents_asU8();
  return events.length === 0 ? undefined : peer.ChaincodeEvent.deserializeBinary(events);
}
