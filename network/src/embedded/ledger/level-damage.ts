/**
 * Damage of a ledger's database that shows while it is in use. It is noted in a file beside the database, so that the next start
 * makes it anew from the blocks; until then nothing more is read from it or written to it. Not all damage shows: a walk through
 * LevelDB passes over a part of a table that it cannot read without a word when something readable follows.
 */
import { writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';

import { EmbeddedError, messageOf } from '../errors.ts';
import { DamagedRecordError } from './level-records.ts';

const LONGEST_REASON = 1_000;

/** The note beside a database. */
export function damageNotePath(databasePath: string): string {
  return `${databasePath}.damaged`;
}

/** @returns what the note says, undefined when there is none. */
export async function readDamageNote(databasePath: string): Promise<string | undefined> {
  try {
    const note = await readFile(damageNotePath(databasePath), 'utf8');
    return `it was found damaged: ${note.trim().slice(0, LONGEST_REASON)}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** To be called when the database has been made anew. */
export async function removeDamageNote(databasePath: string): Promise<void> {
  await rm(damageNotePath(databasePath), { force: true });
}

/** LevelDB's code for an error, which is the error's own or that of its cause. */
function levelCodeOf(error: unknown): string | undefined {
  const { code, cause } = error as { readonly code?: string; readonly cause?: { code?: string } };
  return cause?.code ?? code;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

export class DamageWatch {
  readonly #path: string;
  #damage: EmbeddedError | undefined;

  /** @param path - of the database. */
  constructor(path: string) {
    this.#path = path;
  }

  /** What was found, if anything was. */
  get damage(): EmbeddedError | undefined {
    return this.#damage;
  }

  /** @throws {@link EmbeddedError} STATE_DAMAGED once damage has been found. */
  assertSound(): void {
    if (this.#damage) {
      throw this.#damage;
    }
  }

  /** Reads from the database. @throws {@link EmbeddedError} STATE_DAMAGED */
  read<Value>(read: () => Value): Value {
    this.assertSound();
    try {
      return read();
    } catch (error) {
      throw this.judgeRead(error);
    }
  }

  /** @returns what a failed read means: a table that is gone or cannot be read is damage, too. */
  judgeRead(error: unknown): Error {
    const damaged =
      error instanceof DamagedRecordError ||
      ['LEVEL_CORRUPTION', 'LEVEL_IO_ERROR'].includes(levelCodeOf(error) ?? '');
    return damaged ? this.#note(error) : toError(error);
  }

  /** @returns what a failed write means: a disk that is full is no damage. */
  judgeWrite(error: unknown): Error {
    return levelCodeOf(error) === 'LEVEL_CORRUPTION' ? this.#note(error) : toError(error);
  }

  #note(cause: unknown): EmbeddedError {
    this.#damage ??= this.#write(cause);
    return this.#damage;
  }

  #write(cause: unknown): EmbeddedError {
    const reason = messageOf(cause);
    try {
      // At once: nobody who reads may go on before the note is on disk.
      writeFileSync(damageNotePath(this.#path), `${reason}\n`, { mode: 0o600, flush: true });
    } catch (error) {
      return new EmbeddedError(
        'STATE_DAMAGED',
        `${this.#path} is damaged (${reason}), and no note of it could be written (${messageOf(error)}); ` +
          'delete that folder and start again: it is made anew from the blocks',
        { cause },
      );
    }
    return new EmbeddedError(
      'STATE_DAMAGED',
      `${this.#path} is damaged (${reason}); start again: it is made anew from the blocks`,
      { cause },
    );
  }
}
