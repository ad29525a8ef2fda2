/**
 * One peer's copy of the ledger: the block file, which is the truth, and a store of what follows from it. At start the store gets
 * the blocks that it lacks, or all of them when it belongs to another chain; data hashes and commit hashes are checked on the way.
 */
import { BoundedCache } from '../bounded-cache.ts';
import type { EmbeddedError } from '../errors.ts';
import { effectsOf } from './block-effects.ts';
import { BlockFile } from './block-file.ts';
import { BlockLinks, otherCommitHash, outOfPlace } from './block-links.ts';
import { HeightSignal } from './height-signal.ts';
import type { Position } from './history.ts';
import {
  assertFollows,
  readStoredBlock,
  type OrderedBlock,
  type StoredBlock,
} from './ordered-block.ts';
import { Simulator } from './simulator.ts';
import type { StateView } from './state.ts';
import type { BlockEffects, LedgerStore } from './store.ts';

/** Blocks kept as they were committed: whoever follows the chain need not take them apart again. */
const RECENT_BLOCKS = 16;

export interface ChainInfo {
  readonly height: number;
  readonly currentHash: Uint8Array;
  readonly previousHash: Uint8Array;
}

export interface LedgerOptions {
  /** Block file. */
  readonly path: string;
  /** What a person should do about a damaged block file. */
  readonly remedy: string;
  /** Closed with the ledger. */
  readonly store: LedgerStore;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #store: LedgerStore;
  readonly #blocks: BlockFile;
  readonly #signal = new HeightSignal();
  readonly #recent = new BoundedCache<number, StoredBlock>(RECENT_BLOCKS);
  #previousHash: Uint8Array = new Uint8Array();
  #replayed = 0;

  private constructor(options: LedgerOptions, blocks: BlockFile) {
    this.#options = options;
    this.#store = options.store;
    this.#blocks = blocks;
  }

  /** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED, STORAGE_FAILED */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const links = new BlockLinks(options);
    const visit = (bytes: Uint8Array, number: number): void => {
      links.follow(bytes, number);
    };
    const blocks = await BlockFile.open({ ...options, visit });
    const ledger = new Ledger(options, blocks);
    try {
      await ledger.#replayMissing();
    } catch (error) {
      await blocks.close();
      throw error;
    }
    ledger.#signal.raise(blocks.height);
    return ledger;
  }

  get height(): number {
    return this.#signal.height;
  }

  /** STATE_DAMAGED once state or history were found damaged. */
  get damage(): EmbeddedError | undefined {
    return this.#store.damage;
  }

  /** Transactions by verdict, over the whole chain. */
  get counts(): { readonly valid: number; readonly invalid: number } {
    const { valid, invalid } = this.#store.savepoint;
    return { valid, invalid };
  }

  /** Bytes of a torn last block that were cut off at start. */
  get cutBytes(): number {
    return this.#blocks.cutBytes;
  }

  /** Number of blocks that the store lacked at start. */
  get replayed(): number {
    return this.#replayed;
  }

  get info(): ChainInfo {
    return {
      height: this.height,
      currentHash: this.#store.savepoint.hash,
      previousHash: this.#previousHash,
    };
  }

  /** Resolves when the block of that number is committed. */
  reach(number: number, signal: AbortSignal): Promise<void> {
    return this.#signal.reach(number, signal);
  }

  /** @returns serialised common.Block. @throws {@link EmbeddedError} NOT_FOUND */
  readBytes(number: number): Promise<Uint8Array> {
    return this.#blocks.read(number);
  }

  async read(number: number): Promise<StoredBlock> {
    return this.#recent.get(number) ?? readStoredBlock(await this.readBytes(number));
  }

  position(transactionId: string): Position | undefined {
    return this.#store.position(transactionId);
  }

  numberOf(hash: Uint8Array): number | undefined {
    return this.#store.numberOf(hash);
  }

  history(
    namespace: string,
    key: string,
    height: number,
  ): Iterable<Position> | AsyncIterable<Position> {
    return this.#store.history(namespace, key, height);
  }

  view(): StateView {
    return this.#store.view();
  }

  simulate(): Simulator {
    return new Simulator(this.#store.view());
  }

  /**
   * @throws {@link EmbeddedError} BLOCK_OUT_OF_CHAIN unless the block continues this chain.
   */
  assertNext(block: OrderedBlock): void {
    const { height, hash } = this.#store.savepoint;
    assertFollows(block, height, hash);
  }

  /** Writes the block with its flags, flushes it, applies it, and only then tells anybody. */
  async commit(block: OrderedBlock, flags: Uint8Array): Promise<void> {
    this.assertNext(block);
    const effects = await effectsOf(block, flags, this.#store);
    const verdict = { flags, commitHash: effects.savepoint.commitHash };
    await this.#blocks.append(block.serialise(verdict));
    await this.#apply(block, effects);
    this.#recent.set(block.number, { block, verdict });
    this.#signal.raise(this.#blocks.height);
  }

  async close(): Promise<void> {
    await this.#blocks.close();
    await this.#store.close();
  }

  async #replayMissing(): Promise<void> {
    if (!(await this.#isOurs())) {
      await this.#store.clear();
    }
    const { height } = this.#blocks;
    for (let number = this.#store.savepoint.height; number < height; number++) {
      await this.#replay(number);
      this.#replayed++;
    }
    if (height > 0) {
      this.#previousHash = (await this.read(height - 1)).block.header.previousHash;
    }
  }

  /** Whether the store was made of the blocks in the file. */
  async #isOurs(): Promise<boolean> {
    const { height, hash, commitHash } = this.#store.savepoint;
    if (height === 0) {
      return true;
    }
    if (height > this.#blocks.height) {
      return false;
    }
    const { block, verdict } = await this.read(height - 1);
    return (
      Buffer.compare(block.hash, hash) === 0 && Buffer.compare(verdict.commitHash, commitHash) === 0
    );
  }

  async #replay(number: number): Promise<void> {
    const { block, verdict } = await this.read(number);
    try {
      this.assertNext(block);
    } catch (cause) {
      throw outOfPlace(number, this.#options, cause);
    }
    const effects = await effectsOf(block, verdict.flags, this.#store);
    if (Buffer.compare(effects.savepoint.commitHash, verdict.commitHash) !== 0) {
      throw otherCommitHash(number, this.#options);
    }
    await this.#apply(block, effects);
  }

  async #apply(block: OrderedBlock, effects: BlockEffects): Promise<void> {
    await this.#store.apply(effects);
    this.#previousHash = block.header.previousHash;
  }
}
