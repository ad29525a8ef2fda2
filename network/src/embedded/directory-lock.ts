/**
 * Keeps a second process out of a state directory: a file `lock` with the owner's process id. A lock that a dead process left is
 * taken over.
 */
import { mkdir, open, readFile, realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { EmbeddedError } from './errors.ts';
import { hold } from './held.ts';

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function ownerOf(path: string): Promise<number | undefined> {
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return '';
    }
    throw error;
  });
  const processId = Number(content.trim());
  const foreign = Number.isSafeInteger(processId) && processId > 0 && processId !== process.pid;
  return foreign && isAlive(processId) ? processId : undefined;
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    await handle.writeFile(`${process.pid}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function inUse(directory: string, owner: number): EmbeddedError {
  return new EmbeddedError(
    'DIRECTORY_IN_USE',
    `${directory} is in use by process ${owner}; stop it or choose another directory`,
  );
}

/**
 * Takes a directory, which is made when it is missing.
 *
 * @returns what gives it back.
 * @throws {@link EmbeddedError} DIRECTORY_IN_USE
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // One directory may have many paths: relative ones, links.
  const path = join(await realpath(directory), 'lock');
  const letGo = hold(path);
  if (!letGo) {
    throw inUse(directory, process.pid);
  }
  try {
    await take(path, directory);
  } catch (error) {
    letGo();
    throw error;
  }
  return async () => {
    await unlink(path);
    letGo();
  };
}

async function take(path: string, directory: string): Promise<void> {
  if (await tryCreate(path)) {
    return;
  }
  const owner = await ownerOf(path);
  if (owner !== undefined) {
    throw inUse(directory, owner);
  }
  await unlink(path);
  if (!(await tryCreate(path))) {
    throw inUse(directory, (await ownerOf(path)) ?? 0);
  }
}
