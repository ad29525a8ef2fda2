/** `operator.json` in the state directory of a running city: how the command line reaches its vendor nodes. Mode 0600. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder } from '../lock-file.ts';
import { OperatorError } from './errors.ts';

const NAME = 'operator.json';

export interface OperatorEntry {
  readonly vendor: string;
  readonly mspId: string;
  /** Ids of its models. */
  readonly models: readonly string[];
  /** Base URL of the vendor node. */
  readonly url: string;
  /** File that holds the bearer token. */
  readonly tokenFile: string;
}

/** Writes the file, or removes it when there is nobody to reach any more. */
export function writeOperatorFile(directory: string, entries: readonly OperatorEntry[]): void {
  const path = join(directory, NAME);
  if (entries.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  writeFileSync(path, `${JSON.stringify(entries, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/** @throws {OperatorError} CITY_NOT_RUNNING */
export function readOperatorFile(directory: string): readonly OperatorEntry[] {
  try {
    if (lockHolder(join(directory, 'city.lock')) !== undefined) {
      return JSON.parse(readFileSync(join(directory, NAME), 'utf8')) as OperatorEntry[];
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw new OperatorError(
    'CITY_NOT_RUNNING',
    `no city runs on ${directory}; start one with: npm start -- --directory ${directory}`,
  );
}
