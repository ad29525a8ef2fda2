/**
 * What a ledger derives from its blocks: world state, history, transaction ids, block hashes. A store takes one block at a time,
 * whole or not at all, and knows up to which block it got, so that whatever is missing can be replayed from the block file.
 */
import type { EmbeddedError } from '../errors.ts';
import type { Position } from './history.ts';
import type { StateChange, StateView } from './state.ts';

/** How far a store got. */
export interface Savepoint {
  /** Number of blocks applied. */
  readonly height: number;
  /** Header hash of the last of them; empty at height 0. */
  readonly hash: Uint8Array;
  /** Chains the verdicts of all of them. */
  readonly commitHash: Uint8Array;
  /** Transactions by verdict. */
  readonly valid: number;
  readonly invalid: number;
}

export const EMPTY_SAVEPOINT: Savepoint = {
  height: 0,
  hash: new Uint8Array(),
  commitHash: new Uint8Array(),
  valid: 0,
  invalid: 0,
};

/** A write of a valid transaction. */
export interface HistoryEntry {
  readonly namespace: string;
  readonly key: string;
  readonly position: Position;
}

/** All that one block changes. */
export interface BlockEffects {
  readonly savepoint: Savepoint;
  readonly changes: readonly StateChange[];
  readonly history: readonly HistoryEntry[];
  /** First occurrences of transaction ids. */
  readonly transactions: ReadonlyMap<string, Position>;
}

export interface LedgerStore {
  readonly savepoint: Savepoint;
  /** STATE_DAMAGED once the store was found damaged; it is made anew when it is opened next. */
  readonly damage: EmbeddedError | undefined;
  /** The state at the savepoint's height, whatever is applied later. Must be released. */
  view(): StateView;
  position(transactionId: string): Position | undefined;
  numberOf(blockHash: Uint8Array): number | undefined;
  /** Positions of writes below a height, newest first. */
  history(
    namespace: string,
    key: string,
    height: number,
  ): Iterable<Position> | AsyncIterable<Position>;
  /**
   * Applies the next block: all of it or nothing.
   *
   * @throws {RangeError} when it is not the next one. @throws {@link EmbeddedError} STORAGE_FAILED, STATE_DAMAGED
   */
  apply(effects: BlockEffects): Promise<void>;
  /** Forgets everything, to be rebuilt from the blocks. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** @throws {RangeError} */
export function assertNextHeight(savepoint: Savepoint, next: Savepoint): void {
  if (next.height !== savepoint.height + 1) {
    throw new RangeError(`"height" expected ${savepoint.height + 1}, got ${next.height}`);
  }
}
