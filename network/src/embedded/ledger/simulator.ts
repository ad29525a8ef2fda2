/**
 * One transaction's run against one height of the state: reads are noted with their versions, writes are kept aside. What it
 * notes is what a real peer notes (rwsetutil): a read of an own write gives the committed value; metadata reads count as reads.
 */
import { EmbeddedError } from '../errors.ts';
import { compareKeys } from './key-order.ts';
import { RangeWalk, type RangeBounds } from './range-walk.ts';
import {
  encodeReadWriteSet,
  writtenValue,
  type KeyRead,
  type NamespaceSet,
} from './read-write-set.ts';
import type { StateEntry, StateView } from './state.ts';

interface NamespaceNotes {
  readonly reads: Map<string, KeyRead>;
  readonly walks: RangeWalk[];
  readonly writes: Map<string, Uint8Array | undefined>;
  readonly metadataWrites: Map<string, ReadonlyMap<string, Uint8Array>>;
}

const byKey = <Value>(
  [left]: readonly [string, Value],
  [right]: readonly [string, Value],
): number => compareKeys(left, right);

export class Simulator {
  readonly #view: StateView;
  readonly #notes = new Map<string, NamespaceNotes>();
  #wrote = false;
  #paged = false;

  /** Takes the view over: `release` releases it. */
  constructor(view: StateView) {
    this.#view = view;
  }

  /** Number of blocks that the run sees. */
  get height(): number {
    return this.#view.height;
  }

  async read(namespace: string, key: string): Promise<StateEntry | undefined> {
    const entry = await this.#view.get(namespace, key);
    this.#of(namespace).reads.set(key, { key, version: entry?.version });
    return entry;
  }

  /** Reads without a note in the read set. */
  peek(namespace: string, key: string): Promise<StateEntry | undefined> {
    return this.#view.get(namespace, key);
  }

  /** @param value - undefined or empty deletes the key. */
  write(namespace: string, key: string, value: Uint8Array | undefined): void {
    this.#assertMayWrite();
    this.#of(namespace).writes.set(key, writtenValue(value));
  }

  writeMetadata(namespace: string, key: string, entries: ReadonlyMap<string, Uint8Array>): void {
    this.#assertMayWrite();
    this.#of(namespace).metadataWrites.set(key, entries);
  }

  /** Starts a range query; the walk notes what it hands out. */
  walk(namespace: string, bounds: RangeBounds): RangeWalk {
    if (bounds.limit !== undefined) {
      this.#assertMayPage();
    }
    const walk = new RangeWalk(this.#view, namespace, bounds);
    this.#of(namespace).walks.push(walk);
    return walk;
  }

  /** @returns serialised rwset.TxReadWriteSet. */
  results(): Uint8Array {
    const sets = [...this.#notes].sort(byKey).map(([namespace, notes]) => toSet(namespace, notes));
    return encodeReadWriteSet(sets);
  }

  release(): void {
    this.#view.release();
  }

  #of(namespace: string): NamespaceNotes {
    let notes = this.#notes.get(namespace);
    if (!notes) {
      notes = { reads: new Map(), walks: [], writes: new Map(), metadataWrites: new Map() };
      this.#notes.set(namespace, notes);
    }
    return notes;
  }

  #assertMayWrite(): void {
    if (this.#paged) {
      throw new EmbeddedError(
        'NOT_SERVED',
        'transaction has already performed a paginated query; writes are not allowed',
      );
    }
    this.#wrote = true;
  }

  #assertMayPage(): void {
    if (this.#wrote) {
      throw new EmbeddedError(
        'NOT_SERVED',
        'paginated queries are supported only in a read-only transaction',
      );
    }
    this.#paged = true;
  }
}

function toSet(namespace: string, notes: NamespaceNotes): NamespaceSet {
  return {
    namespace,
    reads: [...notes.reads].sort(byKey).map(([, read]) => read),
    rangeQueries: distinct(notes.walks),
    writes: [...notes.writes].sort(byKey).map(([key, value]) => ({ key, value })),
    metadataWrites: [...notes.metadataWrites]
      .sort(byKey)
      .map(([key, entries]) => ({ key, entries: new Map([...entries].sort(byKey)) })),
    collections: 0,
  };
}

/** The same query walked equally far counts once, as the first one. */
function distinct(walks: readonly RangeWalk[]): NamespaceSet['rangeQueries'] {
  const queries = new Map<string, NamespaceSet['rangeQueries'][number]>();
  for (const walk of walks) {
    const query = walk.summary();
    const identity = JSON.stringify([query.startKey, query.endKey, query.exhausted]);
    if (!queries.has(identity)) {
      queries.set(identity, query);
    }
  }
  return [...queries.values()];
}
