/**
 * Keeps a second device out of a directory, which would repeat the counters of the first: a file `lock` with the owner's
 * process id and, where the platform tells it, when that process started. A lock that a dead process left is taken over,
 * even when its id has gone to another process since: after a power cut a device comes back by itself.
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
  const text = await readFile(path, 'utf8').catch(() => '');
  const [id = '', startedAt = ''] = text.split('\n');
  const owner = Number(id);
  if (await isAlive(owner, startedAt)) throw inUse(directory, owner);
  await rm(path, { force: true });
  if (!(await created(path))) throw inUse(directory, owner);
}

/** @returns false when there is a lock already */
async function created(path: string): Promise<boolean> {
  try {
    const content = `${process.pid}\n${await startOf(process.pid)}\n`;
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAlive(owner: number, startedAt: string): Promise<boolean> {
  if (!Number.isSafeInteger(owner) || owner <= 0 || owner === process.pid) return false;
  const start = await startOf(owner);
  if (start !== '' && startedAt !== '') return start === startedAt;
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The boot of the machine and the moment in it at which a process started; '' where there is no such process or /proc. */
async function startOf(processId: number): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const status = await readFile(`/proc/${processId}/stat`, 'utf8');
    // proc(5): the name in brackets may hold anything; `starttime` is the 20th field after it.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()} ${fields[19] ?? ''}`;
  } catch {
    // Another platform than Linux, or no such process: the id alone has to do.
    return '';
  }
}

function inUse(directory: string, owner: number): StoreError {
  return new StoreError('STORE_IN_USE', `${directory} is in use by process ${owner}`);
}
