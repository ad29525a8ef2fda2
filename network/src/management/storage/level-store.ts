/**
 * A {@link KeyValueStore} on LevelDB. Hides that LevelDB takes no more writes after one that failed until it is opened
 * again, and its lock, which keeps a second process out and dies with its holder.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { hold } from '../../held.ts';
import { ManagementError } from '../management-error.ts';
import type { Change, KeyValueStore } from './key-value-store.ts';
import { hasCode, storageFailure } from './storage-failures.ts';

type Database = ClassicLevel<string, Uint8Array>;

/** See the module comment. */
export class LevelStore implements KeyValueStore {
  readonly #location: string;
  readonly #letGo: () => void;
  /** Null after a failed write, until it is opened again. */
  #database: Database | null;

  private constructor(location: string, database: Database, letGo: () => void) {
    this.#location = location;
    this.#database = database;
    this.#letGo = letGo;
  }

  /**
   * Opens the folder, which is made when it is missing.
   *
   * @throws {@link ManagementError} DIRECTORY_IN_USE, STORAGE_DAMAGED, STORAGE_FULL, STORAGE_FAILED
   */
  static async open(location: string): Promise<LevelStore> {
    await mkdir(location, { recursive: true, mode: 0o700 });
    const place = await realpath(location);
    // LevelDB would refuse a second opening in this process as well, but by closing a file that it locked: with that, the
    // system gives the lock of the first opening away to any other process.
    const letGo = hold(`database ${place}`);
    if (letGo === undefined) throw inUse(location);
    try {
      return new LevelStore(place, await open(place), letGo);
    } catch (error) {
      letGo();
      throw error;
    }
  }

  async *entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    const database = (this.#database ??= await open(this.#location));
    // Keys are ASCII, so every key with the prefix is below this bound.
    for await (const [key, value] of database.iterator({ gte: prefix, lt: `${prefix}\x7f` })) {
      yield [key, value];
    }
  }

  async write(changes: readonly Change[]): Promise<void> {
    const database = (this.#database ??= await open(this.#location));
    try {
      await database.batch(
        changes.map(({ key, value }) =>
          value === null ? { type: 'del', key } : { type: 'put', key, value },
        ),
        { sync: true },
      );
    } catch (error) {
      this.#database = null;
      await database.close();
      throw storageFailure(error);
    }
  }

  async close(): Promise<void> {
    await this.#database?.close();
    this.#letGo();
  }
}

async function open(location: string): Promise<Database> {
  const database: Database = new ClassicLevel(location, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
  });
  try {
    await database.open();
    return database;
  } catch (error) {
    if (hasCode(error, 'LEVEL_LOCKED')) throw inUse(location, error);
    if (hasCode(error, 'LEVEL_CORRUPTION')) {
      throw new ManagementError(
        'STORAGE_DAMAGED',
        `${location} is damaged; move it away and let the vendors assign this node's devices anew`,
        { cause: error },
      );
    }
    throw storageFailure(error);
  }
}

function inUse(location: string, cause?: unknown): ManagementError {
  const text = `${location} is in use by another management node; stop it or choose another directory`;
  return new ManagementError('DIRECTORY_IN_USE', text, { cause });
}
