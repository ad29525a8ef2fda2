/**
 * Reading a ledger's database at one height. All views of a height share one snapshot, which is closed when a newer height has
 * replaced it and its last view is released.
 */
import type { ClassicLevel } from 'classic-level';

import { LIMITS } from '../limits.ts';
import type { DamageWatch } from './level-damage.ts';
import {
  decodeEntry,
  openRecord,
  readStateKey,
  STATE_RANGE,
  stateEnd,
  stateKey,
} from './level-records.ts';
import type { KeyedEntry, NamedEntry, StateEntry, StateView } from './state.ts';

export type LedgerDatabase = ClassicLevel<Buffer, Buffer>;
type Snapshot = ReturnType<LedgerDatabase['snapshot']>;

/** A database with somebody who looks after it. */
export interface WatchedDatabase {
  readonly database: LedgerDatabase;
  readonly watch: DamageWatch;
}

/**
 * What was read at one height. All transactions of a time read the definition of their chaincode, and a block's validation comes
 * back to a key that it has seen; a damaged record never gets here.
 */
class ReadEntries {
  readonly #entries = new Map<string, StateEntry | 'none'>();

  get(name: string, read: () => StateEntry | undefined): StateEntry | undefined {
    const known = this.#entries.get(name);
    if (known) {
      return known === 'none' ? undefined : known;
    }
    const entry = read();
    const bytes = entry?.value.length ?? 0;
    if (bytes <= LIMITS.keptEntryBytes && this.#entries.size < LIMITS.keptEntries) {
      this.#entries.set(name, entry ?? 'none');
    }
    return entry;
  }
}

export class LevelSnapshot {
  readonly #watched: WatchedDatabase;
  readonly #snapshot: Snapshot;
  readonly #height: number;
  readonly #entries = new ReadEntries();
  /** The store itself and every open view. */
  #holders = 1;

  /** @param height - number of blocks that the database holds now. */
  constructor(watched: WatchedDatabase, height: number) {
    this.#watched = watched;
    this.#snapshot = watched.database.snapshot();
    this.#height = height;
  }

  view(): StateView {
    this.#holders++;
    const shared = { snapshot: this.#snapshot, height: this.#height, entries: this.#entries };
    return new LevelView(this.#watched, shared, () => {
      this.release();
    });
  }

  /** To be called once by the store, when it has a newer one. */
  release(): void {
    this.#holders--;
    if (this.#holders === 0) {
      // Closing waits for reads under way; it cannot fail, and the database's own close waits for it.
      void this.#snapshot.close();
    }
  }
}

/** What all views of one height have. */
interface SharedHeight {
  readonly snapshot: Snapshot;
  readonly height: number;
  readonly entries: ReadEntries;
}

/** Records read ahead of a walk. */
interface Ahead {
  readonly namespace: string;
  readonly end: string;
  readonly entries: readonly KeyedEntry[];
  /** Index of the entry that comes next. */
  position: number;
  /** Nothing follows the entries. */
  readonly complete: boolean;
}

class LevelView implements StateView {
  readonly height: number;
  readonly #database: LedgerDatabase;
  readonly #watch: DamageWatch;
  readonly #snapshot: Snapshot;
  readonly #entries: ReadEntries;
  #free: (() => void) | undefined;
  #ahead: Ahead | undefined;

  constructor(watched: WatchedDatabase, shared: SharedHeight, free: () => void) {
    this.#database = watched.database;
    this.#watch = watched.watch;
    this.#snapshot = shared.snapshot;
    this.#entries = shared.entries;
    this.height = shared.height;
    this.#free = free;
  }

  get(namespace: string, key: string): Promise<StateEntry | undefined> {
    return new Promise((resolve) => {
      // A read of a key mostly finds it in memory: the way through the thread pool would take longer than the read.
      const read = (): StateEntry | undefined => this.#readEntry(stateKey(namespace, key));
      resolve(this.#watch.read(() => this.#entries.get(`${namespace}\0${key}`, read)));
    });
  }

  #readEntry(name: Buffer): StateEntry | undefined {
    const record = this.#database.getSync(name, { snapshot: this.#snapshot });
    return record && decodeEntry(openRecord(name, record));
  }

  async next(
    namespace: string,
    from: string,
    inclusive: boolean,
    end: string,
  ): Promise<KeyedEntry | undefined> {
    const ahead = this.#following(namespace, from, inclusive, end);
    if (ahead) {
      const entry = ahead.entries[ahead.position];
      if (entry || ahead.complete) {
        ahead.position++;
        return entry;
      }
    }
    this.#ahead = await this.#read(namespace, from, inclusive, end);
    this.#ahead.position = 1;
    return this.#ahead.entries[0];
  }

  async *entries(): AsyncGenerator<NamedEntry> {
    this.#watch.assertSound();
    try {
      const all = this.#database.iterator({ ...STATE_RANGE, snapshot: this.#snapshot });
      for await (const [key, record] of all) {
        yield { ...readStateKey(key), ...decodeEntry(openRecord(key, record)) };
      }
    } catch (error) {
      throw this.#watch.judgeRead(error);
    }
  }

  release(): void {
    this.#ahead = undefined;
    this.#free?.();
    this.#free = undefined;
  }

  /** What was read ahead, when the walk goes on where it stood. */
  #following(namespace: string, from: string, inclusive: boolean, end: string): Ahead | undefined {
    const ahead = this.#ahead;
    const last = ahead?.entries[ahead.position - 1];
    const follows =
      !inclusive && last?.key === from && ahead?.namespace === namespace && ahead.end === end;
    return follows ? ahead : undefined;
  }

  async #read(namespace: string, from: string, inclusive: boolean, end: string): Promise<Ahead> {
    this.#watch.assertSound();
    const start = stateKey(namespace, from);
    const iterator = this.#database.iterator({
      ...(inclusive ? { gte: start } : { gt: start }),
      lt: end === '' ? stateEnd(namespace) : stateKey(namespace, end),
      snapshot: this.#snapshot,
      highWaterMarkBytes: LIMITS.readAheadBytes,
    });
    try {
      const found = await iterator.nextv(LIMITS.readAheadRecords);
      const entries = found.map(([key, record]) => ({
        key: readStateKey(key).key,
        ...decodeEntry(openRecord(key, record)),
      }));
      return { namespace, end, entries, position: 0, complete: found.length === 0 };
    } catch (error) {
      throw this.#watch.judgeRead(error);
    } finally {
      await iterator.close();
    }
  }
}
