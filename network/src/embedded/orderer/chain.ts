/**
 * The ordering of one channel: takes envelopes, cuts them into blocks, signs and writes each block before anybody can read it.
 * An envelope that was accepted is in a block unless the process ends first; clients learn of the commit from their peers.
 *
 * An envelope that comes alone is cut almost at once when all is done with the block before it, here and at the peers that follow. Once
 * a block holds more than one, envelopes gather up to the batch timeout again: nobody waits on a quiet network, and on a busy
 * one many share what a block costs.
 */
import { newBlock, signBlock } from '../block.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { BlockFile } from '../ledger/block-file.ts';
import { BlockLinks } from '../ledger/block-links.ts';
import { HeightSignal } from '../ledger/height-signal.ts';
import { assertFollows, OrderedBlock, readStoredBlock } from '../ledger/ordered-block.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { Signer } from '../../membership/signer.ts';
import { BlockCutter, type CutLimits } from './cutter.ts';

export interface BatchOptions extends CutLimits {
  /** Milliseconds from the first envelope of a block to its cut, at most. */
  readonly timeoutMs: number;
}

export interface ChainOptions {
  /** Block file. */
  readonly path: string;
  readonly signer: Signer;
  readonly batch: BatchOptions;
  readonly logger: NetworkLogger;
  /** Block 0, asked for when the file is new. */
  readonly genesis: () => Promise<OrderedBlock>;
}

/** How one peer gets its blocks. */
type ChainFeed = Pick<OrderingChain, 'reach' | 'read'>;

/** Blocks kept as objects, so that all peers share their bytes and parse them once. */
const RECENT_BLOCKS = 32;
/** Milliseconds in which envelopes that were sent together come in. */
const TOGETHER_MS = 3;
const REMEDY = 'delete that file and start again: the orderer takes its blocks back from the peers';

export class OrderingChain {
  readonly #options: ChainOptions;
  readonly #cutter: BlockCutter;
  readonly #signal = new HeightSignal();
  readonly #recent = new Map<number, OrderedBlock>();
  readonly #file: BlockFile;
  /** Of each feed, the block that its peer waits for or works on. */
  readonly #positions = new Map<ChainFeed, number>();
  #previousHash: Uint8Array = new Uint8Array();
  #waiting = 0;
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  /** Batches that are not in the file yet. */
  #writes = 0;
  /** Whether the last batch was of one envelope. */
  #isQuiet = true;
  #writing: Promise<void> = Promise.resolve();
  #failure: EmbeddedError | undefined;
  #closed = false;

  private constructor(options: ChainOptions, file: BlockFile) {
    this.#options = options;
    this.#cutter = new BlockCutter(options.batch);
    this.#file = file;
  }

  /** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED */
  static async open(options: ChainOptions): Promise<OrderingChain> {
    const { path } = options;
    const links = new BlockLinks({ path, remedy: REMEDY });
    const file = await BlockFile.open({
      path,
      remedy: REMEDY,
      visit: (bytes, number) => {
        links.follow(bytes, number);
      },
    });
    const chain = new OrderingChain(options, file);
    if (file.height > 0) {
      chain.#publish(readStoredBlock(await file.read(file.height - 1)).block);
    } else {
      await chain.append(await options.genesis());
    }
    return chain;
  }

  get height(): number {
    return this.#signal.height;
  }

  /** What stopped the orderer, if anything did. */
  get failure(): EmbeddedError | undefined {
    return this.#failure;
  }

  reach(number: number, signal: AbortSignal): Promise<void> {
    return this.#signal.reach(number, signal);
  }

  /** @returns a feed for a peer that commits each block before it asks for the next: blocks are cut at its pace, too. */
  feed(): ChainFeed {
    const feed: ChainFeed = {
      reach: (number, signal) => {
        this.#positions.set(feed, number);
        this.#schedule();
        return this.reach(number, signal);
      },
      read: (number) => this.read(number),
    };
    return feed;
  }

  /** @returns serialised common.Block with the orderer's metadata alone. */
  readBytes(number: number): Promise<Uint8Array> {
    return this.#file.read(number);
  }

  async read(number: number): Promise<OrderedBlock> {
    return this.#recent.get(number) ?? readStoredBlock(await this.readBytes(number)).block;
  }

  /**
   * Takes an envelope into the next block.
   *
   * @throws {@link EmbeddedError} BUSY when too much waits, STORAGE_FAILED, CLOSED
   */
  order(envelope: Uint8Array): void {
    this.#assertReady(envelope);
    this.#waiting++;
    this.#waitingBytes += envelope.length;
    for (const batch of this.#cutter.add(envelope)) {
      this.#write(batch);
    }
    this.#schedule();
  }

  /**
   * Writes a ready block: block 0, or one that a peer still had.
   *
   * @throws {@link EmbeddedError} BLOCK_OUT_OF_CHAIN unless it continues the chain.
   */
  async append(block: OrderedBlock): Promise<void> {
    assertFollows(block, this.height, this.#previousHash);
    await this.#file.append(block.serialise());
    this.#publish(block);
  }

  /** Takes no more envelopes and writes those that wait. */
  async flush(): Promise<void> {
    this.#closed = true;
    this.#cut();
    await this.#writing;
  }

  /** Flushes and closes the file. */
  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  #assertReady(envelope: Uint8Array): void {
    if (this.#failure) {
      throw this.#failure;
    }
    if (this.#closed) {
      throw new EmbeddedError('CLOSED', 'the orderer is closing');
    }
    const full =
      this.#waiting >= LIMITS.pendingEnvelopes ||
      this.#waitingBytes + envelope.length > LIMITS.pendingBytes;
    if (full) {
      throw new EmbeddedError(
        'BUSY',
        `expected up to ${LIMITS.pendingEnvelopes} envelopes to wait for their block; try again later`,
      );
    }
  }

  /** Sees to it that what waits is cut: by time, or soon, when nothing else is under way. */
  #schedule(): void {
    if (!this.#cutter.isPending) {
      this.#stopTimers();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#cut();
    }, this.#options.batch.timeoutMs);
    if (this.#isQuiet && this.#isIdle()) {
      this.#soon ??= setTimeout(() => {
        this.#cut();
      }, TOGETHER_MS);
    }
  }

  /** Whether every block is written, and taken by all who follow. */
  #isIdle(): boolean {
    return (
      this.#writes === 0 && [...this.#positions.values()].every((number) => number >= this.height)
    );
  }

  #stopTimers(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
  }

  #cut(): void {
    this.#stopTimers();
    if (this.#cutter.isPending) {
      this.#write(this.#cutter.cut());
    }
  }

  #write(batch: readonly Uint8Array[]): void {
    this.#writes++;
    this.#isQuiet = batch.length === 1;
    this.#writing = this.#writing
      .then(() => this.#writeBlock(batch))
      .catch((cause: unknown) => {
        // From here on `order` throws it: clients are told that the orderer is unavailable.
        this.#failure = new EmbeddedError('STORAGE_FAILED', messageOf(cause), { cause });
        this.#options.logger.error({ reason: messageOf(cause) }, 'the orderer has stopped');
      })
      .finally(() => {
        this.#writes--;
        this.#schedule();
      });
  }

  async #writeBlock(batch: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) {
      return;
    }
    const block = newBlock(this.height, this.#previousHash, batch);
    signBlock(block, 0, this.#options.signer);
    await this.append(new OrderedBlock(block));
    this.#waiting -= batch.length;
    this.#waitingBytes -= batch.reduce((sum, { length }) => sum + length, 0);
  }

  #publish(block: OrderedBlock): void {
    this.#previousHash = block.hash;
    this.#recent.set(block.number, block);
    this.#recent.delete(block.number - RECENT_BLOCKS);
    this.#signal.raise(block.number + 1);
  }
}
