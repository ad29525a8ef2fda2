/**
 * What became of transactions, by filtered blocks of the own organisation's peers: one stream a peer for all that wait. A stream
 * begins with the newest block that exists, so once that is here no later one is missed.
 */
import { orderer, peer } from '@hyperledger/fabric-protos';

import { LedgerError } from './ledger-error.ts';
import type { TransactionOutcome } from './ledger.ts';
import type { ByteCall, NodeClient } from './node-client.ts';
import { validationCodeName } from './transaction-status.ts';

const DELIVER_FILTERED = '/protos.Deliver/DeliverFiltered';
const FIRST_BLOCK_WITHIN_MS = 30_000;

/** Waits for one transaction; dispose of it in any case. */
export interface StatusListener extends Disposable {
  /** @throws LedgerError TIMEOUT, UNAVAILABLE, with `maybeOrdered`; the reason of the signal */
  committed(timeoutMs: number, signal: AbortSignal | undefined): Promise<TransactionOutcome>;
}

export interface CommitFeedOptions {
  /** Of the own organisation. */
  readonly peers: readonly NodeClient[];
  /** @returns a signed envelope that asks for blocks */
  readonly newSeekEnvelope: (seek: Uint8Array) => Uint8Array;
}

/** From the newest block there is, without end. */
export function seekNewest(): Uint8Array {
  const start = new orderer.SeekPosition();
  start.setNewest(new orderer.SeekNewest());
  const last = new orderer.SeekSpecified();
  last.setNumber(Number.MAX_SAFE_INTEGER);
  const stop = new orderer.SeekPosition();
  stop.setSpecified(last);
  const seek = new orderer.SeekInfo();
  seek.setStart(start);
  seek.setStop(stop);
  return seek.serializeBinary();
}

export class CommitFeed {
  readonly #options: CommitFeedOptions;
  readonly #streams = new Map<NodeClient, Promise<ByteCall>>();
  readonly #waiting = new Map<string, Set<CommitStatus>>();

  constructor(options: CommitFeedOptions) {
    this.#options = options;
  }

  /**
   * Listening has begun when this returns, so call it before the transaction is sent.
   *
   * @throws LedgerError UNAVAILABLE when no peer can be listened to
   */
  async listenFor(transactionId: string): Promise<StatusListener> {
    const opened = await Promise.allSettled(this.#options.peers.map((node) => this.#follow(node)));
    if (!opened.some(({ status }) => status === 'fulfilled')) {
      const cause = opened.find((one) => one.status === 'rejected')?.reason as unknown;
      const text = 'no own peer to hear the commit from';
      throw new LedgerError('UNAVAILABLE', text, { transactionId, cause });
    }
    const status = new CommitStatus(transactionId, () => {
      this.#forget(status);
    });
    const others = this.#waiting.get(transactionId) ?? new Set();
    this.#waiting.set(transactionId, others.add(status));
    return status;
  }

  /** All that wait fail with the reason. */
  async close(reason: unknown): Promise<void> {
    for (const status of this.#all()) status.fail(reason);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of await Promise.allSettled(streams)) {
      if (stream.status === 'fulfilled') stream.value.cancel();
    }
  }

  #follow(node: NodeClient): Promise<ByteCall> {
    const known = this.#streams.get(node);
    if (known !== undefined) return known;
    const opening = this.#open(node);
    this.#streams.set(node, opening);
    opening.catch((error: unknown) => {
      this.#lose(node, opening, error);
    });
    return opening;
  }

  /** Resolves with the first block. */
  #open(node: NodeClient): Promise<ByteCall> {
    return new Promise((resolve, reject) => {
      const stream = node.stream(DELIVER_FILTERED);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        stream.cancel();
        reject(error);
        const opening = this.#streams.get(node);
        if (opening !== undefined) this.#lose(node, opening, error);
      };
      const timer = setTimeout(() => {
        fail(new Error(`REQUEST TIMEOUT: ${node.name} sent no block`));
      }, FIRST_BLOCK_WITHIN_MS);
      stream.on('data', (bytes: Uint8Array) => {
        const block = peer.DeliverResponse.deserializeBinary(bytes).getFilteredBlock();
        if (block === undefined) {
          fail(new Error(`${node.name} ended the stream of blocks`));
          return;
        }
        clearTimeout(timer);
        resolve(stream);
        this.#take(block);
      });
      stream.on('error', fail);
      stream.on('end', () => {
        fail(new Error(`${node.name} ended the stream of blocks`));
      });
      stream.write(this.#options.newSeekEnvelope(seekNewest()));
    });
  }

  #take(block: peer.FilteredBlock): void {
    if (this.#waiting.size === 0) return;
    const blockNumber = block.getNumber();
    for (const transaction of block.getFilteredTransactionsList()) {
      for (const status of this.#waiting.get(transaction.getTxid()) ?? []) {
        const code = validationCodeName(transaction.getTxValidationCode());
        status.resolve({ code, blockNumber });
      }
    }
  }

  /** With its last stream, those that wait lose their last hope. */
  #lose(node: NodeClient, opening: Promise<ByteCall>, cause: unknown): void {
    if (this.#streams.get(node) !== opening) return;
    this.#streams.delete(node);
    if (this.#streams.size > 0) return;
    for (const status of this.#all()) status.lose(cause);
  }

  #all(): readonly CommitStatus[] {
    return [...this.#waiting.values()].flatMap((statuses) => [...statuses]);
  }

  #forget(status: CommitStatus): void {
    const statuses = this.#waiting.get(status.transactionId);
    statuses?.delete(status);
    if (statuses?.size === 0) this.#waiting.delete(status.transactionId);
  }
}

class CommitStatus implements StatusListener {
  readonly transactionId: string;
  readonly resolve: (outcome: TransactionOutcome) => void;
  readonly fail: (reason: unknown) => void;
  readonly #outcome: Promise<TransactionOutcome>;
  readonly #forget: () => void;
  #release: () => void = () => undefined;

  constructor(transactionId: string, forget: () => void) {
    this.transactionId = transactionId;
    this.#forget = forget;
    let resolve: (outcome: TransactionOutcome) => void = () => undefined;
    let reject: (reason: unknown) => void = () => undefined;
    this.#outcome = new Promise((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    this.resolve = resolve;
    this.fail = reject;
    // It may fail before anybody waits for it.
    this.#outcome.catch(() => undefined);
  }

  committed(timeoutMs: number, signal: AbortSignal | undefined): Promise<TransactionOutcome> {
    const timer = setTimeout(() => {
      const text = `not committed within ${timeoutMs} ms of being ordered`;
      this.fail(this.#error('TIMEOUT', text));
    }, timeoutMs);
    const abort = (): void => {
      this.fail(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    this.#release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    return this.#outcome;
  }

  lose(cause: unknown): void {
    this.fail(this.#error('UNAVAILABLE', 'no own peer tells whether it was committed', cause));
  }

  [Symbol.dispose](): void {
    this.#release();
    this.#forget();
  }

  #error(code: string, message: string, cause?: unknown): LedgerError {
    const { transactionId } = this;
    return new LedgerError(code, message, { transactionId, maybeOrdered: true, cause });
  }
}
