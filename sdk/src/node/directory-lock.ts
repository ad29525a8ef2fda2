/**
 * Keeps a second device out of a directory, which would repeat the counters of the first: a file `lock` with the owner's
 * process id. A lock that a dead process left is taken over.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StoreError } from '../firmware/errors.ts';

/** Directories of this very process: its own id in a file says nothing about them. */
const held = new Set<string>();

/**
 * Takes a directory that is there.
 *
 * @returns what gives it back
 * @throws {@link StoreError} `STORE_IN_USE`
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(resolve(directory), 'lock');
  if (held.has(path)) throw inUse(directory, process.pid);
  held.add(path);
  try {
    await take(path, directory);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return async () => {
    if (!held.delete(path)) return;
    await rm(path, { force: true });
  };
}

async function take(path: string, directory: string): Promise<void> {
  if (await created(path)) return;
  const owner = Number((await readFile(path, 'utf8').catch(() => '')).trim());
  if (isAlive(owner)) throw inUse(directory, owner);
  await rm(path, { force: true });
  if (!(await created(path))) throw inUse(directory, owner);
}

/** @returns false when there is a lock already */
async function created(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(owner: number): boolean {
  if (!Number.isSafeInteger(owner) || owner <= 0 || owner === process.pid) return false;
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function inUse(directory: string, owner: number): StoreError {
  return new StoreError('STORE_IN_USE', `${directory} is in use by process ${owner}`);
}
