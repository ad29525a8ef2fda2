/**
 * A ledger's store on disk, in LevelDB: one batch a block with the savepoint in it. The database is not flushed with each block:
 * what a crash of the machine takes from it is replayed from the block file, which is. One that is damaged or of another format,
 * or that was found damaged while it was in use, is wiped when it is opened, for it holds nothing that the blocks do not.
 */
import { rm } from 'node:fs/promises';

import { ClassicLevel, type BatchOperation } from 'classic-level';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Position } from './history.ts';
import { DamageWatch, readDamageNote, removeDamageNote } from './level-damage.ts';
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
  openRecord,
  SAVEPOINT_KEY,
  sealRecord,
  stateKey,
  transactionKey,
} from './level-records.ts';
import { LevelSnapshot, type LedgerDatabase } from './level-view.ts';
import type { StateView } from './state.ts';
import { assertNextHeight, type BlockEffects, type LedgerStore, type Savepoint } from './store.ts';

type Operation = BatchOperation<LedgerDatabase, Buffer, Buffer>;

export class LevelStore implements LedgerStore {
  readonly #path: string;
  readonly #watch: DamageWatch;
  readonly #wiped: string | undefined;
  #database: LedgerDatabase;
  #snapshot: LevelSnapshot;
  #savepoint: Savepoint;

  private constructor(path: string, opened: Opened) {
    this.#path = path;
    this.#watch = new DamageWatch(path);
    this.#wiped = opened.wiped;
    this.#database = opened.database;
    this.#savepoint = opened.savepoint;
    this.#snapshot = this.#newSnapshot();
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

  get damage(): EmbeddedError | undefined {
    return this.#watch.damage;
  }

  view(): StateView {
    this.#watch.assertSound();
    return this.#snapshot.view();
  }

  position(transactionId: string): Position | undefined {
    const value = this.#value(transactionKey(transactionId));
    return value && decodePosition(value);
  }

  numberOf(blockHash: Uint8Array): number | undefined {
    const value = this.#value(blockKey(blockHash));
    return value && decodeNumber(value);
  }

  /** Reads page by page, so that a reader who stops early leaves nothing open. */
  async *history(namespace: string, key: string, height: number): AsyncGenerator<Position> {
    const prefix = historyPrefix(namespace, key);
    const limit = LIMITS.readAheadRecords;
    let below = historyBound(prefix, height);
    for (let full = true; full;) {
      const keys = await this.#historyKeys({ gte: prefix, lt: below, reverse: true, limit });
      yield* keys.map(decodePosition);
      below = keys.at(-1) ?? below;
      full = keys.length === limit;
    }
  }

  async apply(effects: BlockEffects): Promise<void> {
    assertNextHeight(this.#savepoint, effects.savepoint);
    this.#watch.assertSound();
    try {
      await this.#database.batch([...operationsOf(effects)]);
    } catch (error) {
      const cause = this.#watch.judgeWrite(error);
      throw cause instanceof EmbeddedError ? cause : storageFailed(this.#path, cause);
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
    this.#snapshot = this.#newSnapshot();
  }

  /** Also ends the reads of views that are still open. */
  async close(): Promise<void> {
    await this.#database.close();
  }

  #newSnapshot(): LevelSnapshot {
    const watched = { database: this.#database, watch: this.#watch };
    return new LevelSnapshot(watched, this.#savepoint.height);
  }

  #renew(): void {
    const outdated = this.#snapshot;
    this.#snapshot = this.#newSnapshot();
    outdated.release();
  }

  #value(key: Buffer): Buffer | undefined {
    return this.#watch.read(() => {
      const record = this.#database.getSync(key);
      return record && openRecord(key, record);
    });
  }

  async #historyKeys(range: HistoryRange): Promise<readonly Buffer[]> {
    this.#watch.assertSound();
    try {
      const records = await this.#database.iterator(range).all();
      return records.map(([key, record]) => {
        openRecord(key, record);
        return key;
      });
    } catch (error) {
      throw this.#watch.judgeRead(error);
    }
  }
}

interface HistoryRange {
  readonly gte: Buffer;
  readonly lt: Buffer;
  readonly reverse: boolean;
  readonly limit: number;
}

function put(key: Buffer, value: Buffer): Operation {
  return { type: 'put', key, value: sealRecord(key, value) };
}

function* operationsOf(effects: BlockEffects): Generator<Operation> {
  const { savepoint, changes, history, transactions } = effects;
  for (const { namespace, key, entry } of changes) {
    const name = stateKey(namespace, key);
    yield entry ? put(name, encodeEntry(entry)) : { type: 'del', key: name };
  }
  const nothing = Buffer.alloc(0);
  for (const { namespace, key, position } of history) {
    yield put(historyKey(namespace, key, position), nothing);
  }
  for (const [id, position] of transactions) {
    yield put(transactionKey(id), encodePosition(position));
  }
  yield put(blockKey(savepoint.hash), encodeNumber(savepoint.height - 1));
  yield put(SAVEPOINT_KEY, encodeSavepoint(savepoint));
}

interface Opened {
  readonly database: LedgerDatabase;
  readonly savepoint: Savepoint;
  readonly wiped: string | undefined;
}

/** Opens the database, afresh when what is there cannot be used. */
async function openSound(path: string): Promise<Opened> {
  let wiped = await readDamageNote(path);
  try {
    if (wiped === undefined) {
      return { ...(await openReadable(path)), wiped };
    }
  } catch (error) {
    if (error instanceof EmbeddedError) {
      throw error;
    }
    wiped = messageOf(error);
  }
  try {
    await rm(path, { recursive: true, force: true });
    const opened = { ...(await openReadable(path)), wiped };
    await removeDamageNote(path);
    return opened;
  } catch (cause) {
    throw storageFailed(path, cause);
  }
}

async function openReadable(path: string): Promise<Omit<Opened, 'wiped'>> {
  const database = await openDatabase(path);
  try {
    return { database, savepoint: await savepointIn(database) };
  } catch (error) {
    await database.close();
    throw error;
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
  const record = await database.get(SAVEPOINT_KEY);
  return decodeSavepoint(record && openRecord(SAVEPOINT_KEY, record));
}

function storageFailed(path: string, cause: unknown): EmbeddedError {
  return new EmbeddedError(
    'STORAGE_FAILED',
    `${path} could not be written (${messageOf(cause)}); see to the disk and start again`,
    { cause },
  );
}
