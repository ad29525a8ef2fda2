/**
 * A ledger's store on disk, in LevelDB: one batch a block with the savepoint in it. The database is not flushed with each block:
 * what a crash of the machine takes from it is replayed from the block file, which is. One that is damaged or of another format
 * is wiped, for it holds nothing that the blocks do not.
 */
import { rm } from 'node:fs/promises';

import { ClassicLevel, type BatchOperation } from 'classic-level';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Position } from './history.ts';
import {
  blockKey,
  decodeNumber,
  decodePosition,
  decodeSavepoint,
  encodeEntry,
  encodeNumber,
  encodePosition,
  encodeSavepoint,
  FORMAT,
  FORMAT_KEY,
  historyBound,
  historyKey,
  historyPrefix,
  SAVEPOINT_KEY,
  stateKey,
  transactionKey,
} from './level-records.ts';
import { LevelSnapshot, type LedgerDatabase } from './level-view.ts';
import type { StateView } from './state.ts';
import { assertNextHeight, type BlockEffects, type LedgerStore, type Savepoint } from './store.ts';

type Operation = BatchOperation<LedgerDatabase, Buffer, Buffer>;

export class LevelStore implements LedgerStore {
  readonly #path: string;
  #database: LedgerDatabase;
  #snapshot: LevelSnapshot;
  #savepoint: Savepoint;
  #wiped: string | undefined;

  private constructor(path: string, opened: Opened) {
    this.#path = path;
    this.#database = opened.database;
    this.#savepoint = opened.savepoint;
    this.#wiped = opened.wiped;
    this.#snapshot = new LevelSnapshot(opened.database, opened.savepoint.height);
  }

  /**
   * @param path - a folder of its own.
   * @throws {@link EmbeddedError} DIRECTORY_IN_USE, STORAGE_FAILED
   */
  static async open(path: string): Promise<LevelStore> {
    return new LevelStore(path, await openSound(path));
  }

  get savepoint(): Savepoint {
    return this.#savepoint;
  }

  /** Why the database was wiped when it was opened, if it was. */
  get wiped(): string | undefined {
    return this.#wiped;
  }

  view(): StateView {
    return this.#snapshot.view();
  }

  position(transactionId: string): Position | undefined {
    const bytes = this.#database.getSync(transactionKey(transactionId));
    return bytes && decodePosition(bytes);
  }

  numberOf(blockHash: Uint8Array): number | undefined {
    const bytes = this.#database.getSync(blockKey(blockHash));
    return bytes && decodeNumber(bytes);
  }

  /** Reads page by page, so that a reader who stops early leaves nothing open. */
  async *history(namespace: string, key: string, height: number): AsyncGenerator<Position> {
    const prefix = historyPrefix(namespace, key);
    const limit = LIMITS.readAheadRecords;
    let below = historyBound(prefix, height);
    for (let full = true; full;) {
      const page = this.#database.keys({ gte: prefix, lt: below, reverse: true, limit });
      const keys = await page.all();
      yield* keys.map(decodePosition);
      below = keys.at(-1) ?? below;
      full = keys.length === limit;
    }
  }

  async apply(effects: BlockEffects): Promise<void> {
    assertNextHeight(this.#savepoint, effects.savepoint);
    try {
      await this.#database.batch([...operationsOf(effects)]);
    } catch (cause) {
      throw storageFailed(this.#path, cause);
    }
    this.#savepoint = effects.savepoint;
    this.#renew();
  }

  async clear(): Promise<void> {
    await this.close();
    await rm(this.#path, { recursive: true, force: true });
    const opened = await openSound(this.#path);
    this.#database = opened.database;
    this.#savepoint = opened.savepoint;
    this.#snapshot = new LevelSnapshot(opened.database, opened.savepoint.height);
  }

  /** Also ends the reads of views that are still open. */
  async close(): Promise<void> {
    await this.#database.close();
  }

  #renew(): void {
    const outdated = this.#snapshot;
    this.#snapshot = new LevelSnapshot(this.#database, this.#savepoint.height);
    outdated.release();
  }
}

function* operationsOf(effects: BlockEffects): Generator<Operation> {
  const { savepoint, changes, history, transactions } = effects;
  for (const { namespace, key, entry } of changes) {
    const name = stateKey(namespace, key);
    yield entry
      ? { type: 'put', key: name, value: encodeEntry(entry) }
      : { type: 'del', key: name };
  }
  const nothing = Buffer.alloc(0);
  for (const { namespace, key, position } of history) {
    yield { type: 'put', key: historyKey(namespace, key, position), value: nothing };
  }
  for (const [id, position] of transactions) {
    yield { type: 'put', key: transactionKey(id), value: encodePosition(position) };
  }
  const number = encodeNumber(savepoint.height - 1);
  yield { type: 'put', key: blockKey(savepoint.hash), value: number };
  yield { type: 'put', key: SAVEPOINT_KEY, value: encodeSavepoint(savepoint) };
}

interface Opened {
  readonly database: LedgerDatabase;
  readonly savepoint: Savepoint;
  readonly wiped: string | undefined;
}

/** Opens the database, afresh when what is there cannot be used. */
async function openSound(path: string): Promise<Opened> {
  let wiped: string | undefined;
  try {
    const database = await openDatabase(path);
    try {
      return { database, savepoint: await savepointIn(database), wiped };
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof EmbeddedError) {
      throw error;
    }
    wiped = messageOf(error);
  }
  try {
    await rm(path, { recursive: true, force: true });
    const database = await openDatabase(path);
    return { database, savepoint: await savepointIn(database), wiped };
  } catch (cause) {
    throw storageFailed(path, cause);
  }
}

/** @throws {@link EmbeddedError} DIRECTORY_IN_USE; an error in LevelDB's words for the rest. */
async function openDatabase(path: string): Promise<LedgerDatabase> {
  const database: LedgerDatabase = new ClassicLevel(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  });
  try {
    await database.open();
    return database;
  } catch (error) {
    const { cause } = error as {
      readonly cause?: { readonly code: string; readonly message: string };
    };
    if (cause?.code === 'LEVEL_LOCKED') {
      throw new EmbeddedError(
        'DIRECTORY_IN_USE',
        `${path} is in use by another process; stop it or choose another directory`,
        { cause: error },
      );
    }
    throw new Error(cause?.message ?? messageOf(error), { cause: error });
  }
}

/** Marks a new database. @throws when it is of another format, or damaged. */
async function savepointIn(database: LedgerDatabase): Promise<Savepoint> {
  const format = await database.get(FORMAT_KEY);
  if (!format) {
    if ((await database.keys({ limit: 1 }).all()).length > 0) {
      throw new Error('the database has no format marker');
    }
    await database.put(FORMAT_KEY, FORMAT);
  } else if (Buffer.compare(format, FORMAT) !== 0) {
    throw new Error(`expected a database of format ${FORMAT.toString()}, got another one`);
  }
  return decodeSavepoint(await database.get(SAVEPOINT_KEY));
}

function storageFailed(path: string, cause: unknown): EmbeddedError {
  return new EmbeddedError(
    'STORAGE_FAILED',
    `${path} could not be written (${messageOf(cause)}); see to the disk and start again`,
    { cause },
  );
}
