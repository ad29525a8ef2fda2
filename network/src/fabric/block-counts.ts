/** Counts a channel's transactions by verdict, of one peer's filtered blocks, each read once. */
import { peer } from '@hyperledger/fabric-protos';

import type { PeerCalls } from './peer-calls.ts';

export interface BlockCounts {
  /** Number of blocks, block 0 included. */
  readonly height: number;
  /** Transactions by verdict. */
  readonly valid: number;
  readonly invalid: number;
}

export class BlockCounter {
  readonly #calls: PeerCalls;
  readonly #channel: string;
  #counts: BlockCounts = { height: 0, valid: 0, invalid: 0 };
  #counting: Promise<unknown> = Promise.resolve();

  constructor(calls: PeerCalls, channel: string) {
    this.#calls = calls;
    this.#channel = channel;
  }

  /**
   * @param height - number of blocks that the peer has
   * @throws Error of gRPC
   */
  count(height: number): Promise<BlockCounts> {
    const counted = this.#counting.then(() => this.#countTo(height));
    this.#counting = counted.catch(() => undefined);
    return counted;
  }

  async #countTo(height: number): Promise<BlockCounts> {
    if (height > this.#counts.height) {
      const range = { first: this.#counts.height, last: height - 1 };
      await this.#calls.filteredBlocks(this.#channel, range, (block) => {
        this.#add(block);
      });
    }
    return this.#counts;
  }

  #add(block: peer.FilteredBlock): void {
    const transactions = block.getFilteredTransactionsList();
    const valid = transactions.filter(
      (each) => each.getTxValidationCode() === peer.TxValidationCode.VALID,
    ).length;
    this.#counts = {
      height: block.getNumber() + 1,
      valid: this.#counts.valid + valid,
      invalid: this.#counts.invalid + transactions.length - valid,
    };
  }
}
