/**
 * The directory a city keeps its state in: marked with a version, held by one process at a time, and never taken
 * over when it holds something else.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hold } from '../held.ts';
import { takeLockFile } from '../lock-file.ts';
import type { EngineKind } from './city/engine.ts';
import { OperatorError } from './errors.ts';

const FORMAT = 'lamplighter.city.v2';
/** Where state lives when nobody says otherwise. */
export const DEFAULT_DIRECTORY = '.lamplighter';
const MARK = 'city.json';
const LOCK = 'city.lock';

/** What marks a directory as a city's. */
interface Mark {
  readonly format?: unknown;
  /** Those of versions that had one engine do not say it. */
  readonly engine?: EngineKind;
}

export interface OpenOptions {
  /** Wipes an earlier city's state first. */
  readonly fresh: boolean;
  /** Whose state it is to hold: what one engine wrote is of no use to the other. */
  readonly engine: EngineKind;
}

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
   * @throws {OperatorError} DIRECTORY_IN_USE, DIRECTORY_VERSION, DIRECTORY_ENGINE, DIRECTORY_FOREIGN
   */
  static open(path: string, options: OpenOptions): StateDirectory {
    const directory = new StateDirectory(resolve(path));
    mkdirSync(directory.path, { recursive: true, mode: 0o700 });
    directory.#refuseForeign();
    directory.#lock();
    try {
      if (options.fresh) directory.#wipe();
      directory.#mark(options.engine);
    } catch (error) {
      directory[Symbol.dispose]();
      throw error;
    }
    return directory;
  }

  /** Deletes an earlier city's state and its directory. @throws {OperatorError} as {@link StateDirectory.open} */
  static delete(path: string): void {
    StateDirectory.open(path, { fresh: true, engine: 'embedded' })[Symbol.dispose]();
    rmSync(path, { recursive: true, force: true });
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

  #mark(wanted: EngineKind): void {
    const path = this.join(MARK);
    if (!existsSync(path)) {
      writeFileSync(path, `${JSON.stringify({ format: FORMAT, engine: wanted })}\n`);
      return;
    }
    const { format, engine = 'embedded' } = JSON.parse(readFileSync(path, 'utf8')) as Mark;
    if (format !== FORMAT) {
      throw new OperatorError(
        'DIRECTORY_VERSION',
        `${this.path} was written as ${String(format)}, this version reads ${FORMAT}; start with --fresh to wipe it`,
      );
    }
    if (engine !== wanted) {
      const flag = engine === 'fabric' ? 'with' : 'without';
      throw new OperatorError(
        'DIRECTORY_ENGINE',
        `${this.path} holds a network of the engine "${engine}": start it ${flag} --fabric, or name another directory with --directory`,
      );
    }
    this.#used = true;
  }

  #wipe(): void {
    for (const name of readdirSync(this.path)) {
      if (name !== LOCK) rmSync(this.join(name), { recursive: true, force: true });
    }
  }
}
