/**
 * The directory a city keeps its state in: marked with a version, held by one process at a time, and never taken
 * over when it holds something else.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hold } from '../held.ts';
import { takeLockFile } from '../lock-file.ts';
import { OperatorError } from './errors.ts';

const FORMAT = 'lamplighter.city.v2';
/** Where state lives when nobody says otherwise. */
export const DEFAULT_DIRECTORY = '.lamplighter';
const MARK = 'city.json';
const LOCK = 'city.lock';

/** @param given as on the command line */
export function stateDirectoryPath(given: string = DEFAULT_DIRECTORY): string {
  return resolve(given);
}

export class StateDirectory implements Disposable {
  readonly path: string;
  /** Whether it holds an earlier city's state. */
  #used = false;
  #letGo: (() => void) | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens or creates the directory and holds it until disposed.
   *
   * @param options.fresh wipes an earlier city's state first
   * @throws {OperatorError} DIRECTORY_IN_USE, DIRECTORY_VERSION, DIRECTORY_FOREIGN
   */
  static open(path: string, options: { readonly fresh: boolean }): StateDirectory {
    const directory = new StateDirectory(resolve(path));
    mkdirSync(directory.path, { recursive: true, mode: 0o700 });
    directory.#refuseForeign();
    directory.#lock();
    try {
      if (options.fresh) directory.#wipe();
      directory.#mark();
    } catch (error) {
      directory[Symbol.dispose]();
      throw error;
    }
    return directory;
  }

  /** @throws {OperatorError} DIRECTORY_USED when an earlier city's state is there */
  requireUnused(): void {
    if (!this.#used) return;
    throw new OperatorError(
      'DIRECTORY_USED',
      `${this.path} holds a city that has done its job; add --fresh to wipe it, or name another directory`,
    );
  }

  join(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    if (this.#letGo === undefined) return;
    rmSync(this.join(LOCK), { force: true });
    this.#letGo();
    this.#letGo = undefined;
  }

  #refuseForeign(): void {
    const names = readdirSync(this.path);
    if (names.length === 0 || names.includes(MARK)) return;
    if (names.every((name) => name === LOCK)) return;
    throw new OperatorError(
      'DIRECTORY_FOREIGN',
      `${this.path} is not empty and holds no Lamplighter city; name another directory with --directory`,
    );
  }

  #lock(): void {
    const path = this.join(LOCK);
    const letGo = hold(path);
    const holder = letGo === undefined ? process.pid : takeLockFile(path);
    if (holder !== undefined) {
      letGo?.();
      throw new OperatorError(
        'DIRECTORY_IN_USE',
        `${this.path} is in use by process ${holder}; end it with 'lamplighter network down --directory ${this.path}', or name another directory with --directory`,
      );
    }
    this.#letGo = letGo;
  }

  #mark(): void {
    const path = this.join(MARK);
    if (!existsSync(path)) {
      writeFileSync(path, `${JSON.stringify({ format: FORMAT })}\n`);
      return;
    }
    const { format } = JSON.parse(readFileSync(path, 'utf8')) as { format?: unknown };
    if (format === FORMAT) {
      this.#used = true;
      return;
    }
    throw new OperatorError(
      'DIRECTORY_VERSION',
      `${this.path} was written as ${String(format)}, this version reads ${FORMAT}; start with --fresh to wipe it`,
    );
  }

  #wipe(): void {
    for (const name of readdirSync(this.path)) {
      if (name !== LOCK) rmSync(this.join(name), { recursive: true, force: true });
    }
  }
}
