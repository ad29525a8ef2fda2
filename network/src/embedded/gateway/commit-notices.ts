/** Lets callers wait for the verdict on one transaction. The latest verdicts are kept, so that a caller who asks late need not read a block. */
import { peer } from '@hyperledger/fabric-protos';

import { BoundedCache } from '../bounded-cache.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OrderedBlock } from '../ledger/ordered-block.ts';
import type { ValidationCode } from '../ledger/transaction.ts';

const Code = peer.TxValidationCode;
const RECENT_VERDICTS = 4_096;

export interface CommitStatus {
  readonly code: ValidationCode;
  readonly blockNumber: number;
}

type Wake = (status: CommitStatus) => void;

export class CommitNotices {
  readonly #ledger: Ledger;
  readonly #recent = new BoundedCache<string, CommitStatus>(RECENT_VERDICTS);
  readonly #waiting = new Map<string, Set<Wake>>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** To be told of every block after its commit. */
  committed(block: OrderedBlock, flags: Uint8Array): void {
    for (const [index, { headers }] of block.transactions.entries()) {
      const code = (flags[index] ?? Code.NOT_VALIDATED) as ValidationCode;
      // The first occurrence of an id stands: a later one is marked as a duplicate of it.
      if (headers && headers.transactionId !== '' && code !== Code.DUPLICATE_TXID) {
        this.#tell(headers.transactionId, { code, blockNumber: block.number });
      }
    }
  }

  /**
   * @returns the verdict on a transaction, as soon as there is one.
   * @throws the signal's reason when it aborts first.
   */
  async status(transactionId: string, signal: AbortSignal): Promise<CommitStatus> {
    signal.throwIfAborted();
    const known = this.#recent.get(transactionId);
    if (known) {
      return known;
    }
    const position = this.#ledger.position(transactionId);
    if (position) {
      const { verdict } = await this.#ledger.read(position.blockNumber);
      const code = verdict.flags[position.transactionNumber] ?? Code.NOT_VALIDATED;
      return { code: code as ValidationCode, blockNumber: position.blockNumber };
    }
    return this.#wait(transactionId, signal);
  }

  /** Number of transactions that somebody waits for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  #tell(transactionId: string, status: CommitStatus): void {
    if (!this.#recent.get(transactionId)) {
      this.#recent.set(transactionId, status);
    }
    const wakes = this.#waiting.get(transactionId);
    this.#waiting.delete(transactionId);
    for (const wake of wakes ?? []) {
      wake(status);
    }
  }

  #wait(transactionId: string, signal: AbortSignal): Promise<CommitStatus> {
    const wakes = this.#waiting.get(transactionId) ?? new Set();
    this.#waiting.set(transactionId, wakes);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        wakes.delete(wake);
        if (wakes.size === 0 && this.#waiting.get(transactionId) === wakes) {
          this.#waiting.delete(transactionId);
        }
        reject(signal.reason as Error);
      };
      const wake: Wake = (status) => {
        signal.removeEventListener('abort', leave);
        resolve(status);
      };
      wakes.add(wake);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}
