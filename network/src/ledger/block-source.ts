/** Blocks and commit statuses as the SDK's listeners deliver them, in our types. */
import './quiet-sdk.ts';

import type { Endorser } from 'fabric-common';
import type { BlockEvent, CommitListener, Network } from 'fabric-network';

import type { BlockOfEvents, BlockSource } from './event-stream.ts';
import { LedgerError } from './ledger-error.ts';
import type { TransactionOutcome } from './ledger.ts';

/** Full blocks from a peer of the own organisation; the SDK reconnects and goes on at the right block by itself. */
export function blockSource(network: Network, chaincode: string): BlockSource {
  return {
    async subscribe(startBlock, listener) {
      const onBlock = (block: BlockEvent): Promise<void> => {
        listener(eventsOf(block, chaincode));
        return Promise.resolve();
      };
      await network.addBlockListener(onBlock, { type: 'full', startBlock });
      return () => {
        network.removeBlockListener(onBlock);
      };
    },
  };
}

/** Events of one chaincode in the valid transactions of a block. */
export function eventsOf(block: BlockEvent, chaincode: string): BlockOfEvents {
  const blockNumber = block.blockNumber.toNumber();
  const events = block
    .getTransactionEvents()
    .filter((transaction) => transaction.isValid)
    .flatMap((transaction) =>
      transaction
        .getContractEvents()
        .filter((event) => event.chaincodeId === chaincode)
        .map((event) => ({
          blockNumber,
          transactionId: transaction.transactionId,
          name: event.eventName,
          payload: new Uint8Array(event.payload ?? []),
        })),
    );
  return { blockNumber, events };
}

/** Waits for one transaction; dispose of it in any case. */
export interface StatusListener extends AsyncDisposable {
  /** @throws LedgerError TIMEOUT, UNAVAILABLE, with `maybeOrdered`; the reason of the signal */
  committed(): Promise<TransactionOutcome>;
}

/** Listening has begun when this returns, so call it before the transaction is sent. */
export async function nextTransactionStatus(
  network: Network,
  peers: Endorser[],
  options: {
    readonly transactionId: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<StatusListener> {
  const listener = new CommitStatus(network, peers.length, options);
  await network.addCommitListener(listener.onCommit, peers, options.transactionId);
  return listener.listening();
}

class CommitStatus implements StatusListener {
  readonly onCommit: CommitListener;
  readonly #network: Network;
  readonly #options: Parameters<typeof nextTransactionStatus>[2];
  readonly #abort: () => void;
  #broken: Error | undefined;
  #outcome: Promise<TransactionOutcome>;
  #reject: (reason: unknown) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    network: Network,
    peers: number,
    options: Parameters<typeof nextTransactionStatus>[2],
  ) {
    this.#network = network;
    this.#options = options;
    let resolve: (status: TransactionOutcome) => void = () => undefined;
    this.#outcome = new Promise((fulfil, reject) => {
      resolve = fulfil;
      this.#reject = reject;
    });
    // It may fail before anybody waits for it.
    this.#outcome.catch(() => undefined);

    let failed = 0;
    this.onCommit = (error, event) => {
      if (event !== undefined) {
        const blockNumber = event.getBlockEvent().blockNumber.toNumber();
        resolve({ code: event.status, blockNumber });
      } else if (++failed >= peers) {
        this.#broken = error;
        this.#fail('UNAVAILABLE', 'no own peer tells whether it was committed', error);
      }
    };
    this.#abort = () => {
      this.#reject(options.signal.reason);
    };
    options.signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** @throws LedgerError UNAVAILABLE when no peer can be listened to; nothing was sent then */
  async listening(): Promise<this> {
    if (this.#broken === undefined) return this;
    await this[Symbol.asyncDispose]();
    throw new LedgerError('UNAVAILABLE', 'no own peer to hear the commit from', {
      transactionId: this.#options.transactionId,
      cause: this.#broken,
    });
  }

  committed(): Promise<TransactionOutcome> {
    const { timeoutMs } = this.#options;
    this.#timer = setTimeout(() => {
      this.#fail('TIMEOUT', `not committed within ${timeoutMs} ms of being ordered`);
    }, timeoutMs);
    return this.#outcome;
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#network.removeCommitListener(this.onCommit);
    return Promise.resolve();
  }

  #fail(code: string, message: string, cause?: unknown): void {
    const { transactionId } = this.#options;
    this.#reject(new LedgerError(code, message, { transactionId, maybeOrdered: true, cause }));
  }
}
