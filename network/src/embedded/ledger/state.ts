/**
 * What a ledger keeps its world state in, in memory or on disk; the rest of the peer knows nothing else of it. A view shows the state after a fixed number of blocks, whatever is committed meanwhile.
 */

/** Where a value was written. */
export interface Version {
  readonly blockNumber: number;
  readonly transactionNumber: number;
}

/** A key's value with its metadata (entries by name) and the version that MVCC compares. */
export interface StateEntry {
  readonly value: Uint8Array;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly version: Version;
}

export interface KeyedEntry extends StateEntry {
  readonly key: string;
}

export interface NamedEntry extends KeyedEntry {
  readonly namespace: string;
}

/** One consistent height of the state. Must be released. */
export interface StateView {
  /** Number of blocks that it shows. */
  readonly height: number;
  get(namespace: string, key: string): Promise<StateEntry | undefined>;
  /**
   * The first entry at or after a key (strictly after it when `inclusive` is false), in the order of UTF-8 bytes.
   *
   * @param end - exclusive; '' for no end.
   */
  next(
    namespace: string,
    from: string,
    inclusive: boolean,
    end: string,
  ): Promise<KeyedEntry | undefined>;
  /** Every entry, by namespace and then by key. */
  entries(): AsyncIterable<NamedEntry>;
  release(): void;
}

/** What one block changes in one key: undefined deletes it. */
export interface StateChange {
  readonly namespace: string;
  readonly key: string;
  readonly entry: StateEntry | undefined;
}

export interface StateStore {
  /** Number of blocks applied. */
  readonly height: number;
  view(): StateView;
  /** Applies the block of that number, which must be the next one; all of it or nothing. */
  apply(blockNumber: number, changes: readonly StateChange[]): Promise<void>;
}

export function sameVersion(left: Version | undefined, right: Version | undefined): boolean {
  return (
    left?.blockNumber === right?.blockNumber && left?.transactionNumber === right?.transactionNumber
  );
}
