/**
 * One peer's copy of the ledger: block file, index, world state and history. State and history are in memory and always
 * rebuilt from the block file, whose hash chain, data hashes and commit hashes are checked on the way.
 */
import { createHash } from 'node:crypto';

import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import { encodeVarint } from '../wire/fields.ts';
import { BlockFile } from './block-file.ts';
import { HeightSignal } from './height-signal.ts';
import { MemoryHistory, type HistoryIndex, type Position } from './history.ts';
import { MemoryState } from './memory-state.ts';
import {
  assertFollows,
  OrderedBlock,
  readStoredBlock,
  type BlockVerdict,
  type StoredBlock,
} from './ordered-block.ts';
import { Simulator } from './simulator.ts';
import type { StateChange, StateStore, StateView } from './state.ts';
import type { Transaction } from './transaction.ts';
import { WriteSetMerger } from './write-set-merger.ts';

const VALID = peer.TxValidationCode.VALID;

export interface ChainInfo {
  readonly height: number;
  readonly currentHash: Uint8Array;
  readonly previousHash: Uint8Array;
}

export interface LedgerOptions {
  readonly path: string;
  readonly remedy: string;
}

export class Ledger {
  readonly #state: StateStore = new MemoryState();
  readonly #history: HistoryIndex = new MemoryHistory();
  readonly #transactions = new Map<string, Position>();
  readonly #blocksByHash = new Map<string, number>();
  readonly #signal = new HeightSignal();
  #file: BlockFile | undefined;
  #head: OrderedBlock | undefined;
  #commitHash: Uint8Array = new Uint8Array();
  #valid = 0;
  #invalid = 0;

  private constructor() {
    // Only `open` makes one, since replaying the block file takes time.
  }

  /** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const ledger = new Ledger();
    const visit = async (bytes: Uint8Array, number: number): Promise<void> => {
      await ledger.#replay(bytes, number, options);
    };
    ledger.#file = await BlockFile.open({ ...options, visit });
    ledger.#signal.raise(ledger.#file.height);
    return ledger;
  }

  get height(): number {
    return this.#signal.height;
  }

  /** Transactions by verdict, over the whole chain. */
  get counts(): { readonly valid: number; readonly invalid: number } {
    return { valid: this.#valid, invalid: this.#invalid };
  }

  /** Bytes of a torn last block that were cut off at start. */
  get cutBytes(): number {
    return this.#blocks.cutBytes;
  }

  get info(): ChainInfo {
    return {
      height: this.height,
      currentHash: this.#head?.hash ?? new Uint8Array(),
      previousHash: this.#head?.header.previousHash ?? new Uint8Array(),
    };
  }

  get #blocks(): BlockFile {
    if (!this.#file) {
      throw new EmbeddedError('CLOSED', 'the ledger is not open');
    }
    return this.#file;
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
    return readStoredBlock(await this.readBytes(number));
  }

  position(transactionId: string): Position | undefined {
    return this.#transactions.get(transactionId);
  }

  numberOf(hash: Uint8Array): number | undefined {
    return this.#blocksByHash.get(Buffer.from(hash).toString('base64'));
  }

  history(namespace: string, key: string, height: number): readonly Position[] {
    return this.#history.positions(namespace, key, height);
  }

  view(): StateView {
    return this.#state.view();
  }

  simulate(): Simulator {
    return new Simulator(this.#state.view());
  }

  /**
   * @throws {@link EmbeddedError} BLOCK_OUT_OF_CHAIN unless the block continues this chain.
   */
  assertNext(block: OrderedBlock): void {
    assertFollows(block, this.#head ? this.#head.number + 1 : 0, this.info.currentHash);
  }

  /** Writes the block with its flags, flushes it, applies it, and only then tells anybody. */
  async commit(block: OrderedBlock, flags: Uint8Array): Promise<void> {
    this.assertNext(block);
    const verdict = { flags, commitHash: this.#nextCommitHash(block, flags) };
    await this.#blocks.append(block.serialise(verdict));
    await this.#apply(block, verdict);
    this.#signal.raise(this.#blocks.height);
  }

  async close(): Promise<void> {
    await this.#blocks.close();
  }

  async #replay(bytes: Uint8Array, number: number, options: LedgerOptions): Promise<void> {
    const { block, verdict } = readStoredBlock(bytes);
    try {
      this.assertNext(block);
    } catch (cause) {
      throw damaged(number, options, cause);
    }
    const commitHash = this.#nextCommitHash(block, verdict.flags);
    if (Buffer.compare(commitHash, verdict.commitHash) !== 0) {
      throw damaged(number, options);
    }
    await this.#apply(block, verdict);
  }

  #nextCommitHash(block: OrderedBlock, flags: Uint8Array): Uint8Array {
    return createHash('sha256')
      .update(encodeVarint(flags.length))
      .update(flags)
      .update(block.hash)
      .update(this.#commitHash)
      .digest();
  }

  async #apply(block: OrderedBlock, verdict: BlockVerdict): Promise<void> {
    const changes = await this.#collect(block, verdict.flags);
    await this.#state.apply(block.number, changes);
    this.#commitHash = verdict.commitHash;
    this.#blocksByHash.set(Buffer.from(block.hash).toString('base64'), block.number);
    this.#head = block;
  }

  /** Notes ids and history of a block, and merges its valid writes. */
  async #collect(block: OrderedBlock, flags: Uint8Array): Promise<readonly StateChange[]> {
    const view = this.#state.view();
    const merger = new WriteSetMerger(view);
    try {
      for (const [index, transaction] of block.transactions.entries()) {
        const position = { blockNumber: block.number, transactionNumber: index };
        this.#note(transaction, position);
        if (flags[index] === VALID) {
          this.#valid++;
          await this.#merge(merger, transaction, position);
        } else {
          this.#invalid++;
        }
      }
      return merger.changes();
    } finally {
      view.release();
    }
  }

  /** The first occurrence of an id stands, whatever its verdict: that is the one a client asked about. */
  #note(transaction: Transaction, position: Position): void {
    const id = transaction.headers?.transactionId ?? '';
    if (id !== '' && !this.#transactions.has(id)) {
      this.#transactions.set(id, position);
    }
  }

  async #merge(
    merger: WriteSetMerger,
    transaction: Transaction,
    position: Position,
  ): Promise<void> {
    for (const set of transaction.action?.namespaces ?? []) {
      for (const { key } of set.writes) {
        this.#history.record(set.namespace, key, position);
      }
      await merger.add(set, position);
    }
  }
}

function damaged(number: number, options: LedgerOptions, cause?: unknown): EmbeddedError {
  return new EmbeddedError(
    'BLOCK_FILE_DAMAGED',
    `block ${number} in ${options.path} does not fit the block before it; ${options.remedy}`,
    { cause },
  );
}
