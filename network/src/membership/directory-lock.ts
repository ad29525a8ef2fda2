/** Keeps a second process, and a second network of this one, out of a state directory, by its file `lock`. */
import { mkdir, realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { takeLockFile } from '../lock-file.ts';
import { MembershipError } from './errors.ts';
import { hold } from '../held.ts';

function inUse(directory: string, owner: number): MembershipError {
  return new MembershipError(
    'DIRECTORY_IN_USE',
    `${directory} is in use by process ${owner}; stop it or choose another directory`,
  );
}

/**
 * Takes a directory, which is made when it is missing.
 *
 * @returns what gives it back.
 * @throws {@link MembershipError} DIRECTORY_IN_USE
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
    const owner = takeLockFile(path);
    if (owner !== undefined) {
      throw inUse(directory, owner);
    }
  } catch (error) {
    letGo();
    throw error;
  }
  return async () => {
    await unlink(path);
    letGo();
  };
}
