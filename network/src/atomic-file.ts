/**
 * Files that are whole or not there: written beside, synced, renamed over. Secrets are written with mode 0600 from the
 * first byte on.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** @param mode permission bits. @default 0o600 */
export async function writeFileAtomic(
  file: string,
  bytes: Uint8Array | string,
  mode = 0o600,
): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(beside, 'wx', mode);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(path.dirname(file));
}

/** @returns undefined when there is no such file */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes what a killed process left of files that it was writing into `directory`. */
export async function sweepUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.filter((each) => UNFINISHED.test(each))) {
    await rm(path.join(directory, name), { force: true });
  }
}

const UNFINISHED = /\.[0-9a-f]{12}\.tmp$/;

/** What was made, renamed or removed in a directory has to survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
