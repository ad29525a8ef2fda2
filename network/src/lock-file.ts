/**
 * A file that says which process has a directory: its id and, where the platform tells it, when that process started. What a
 * dead process left is taken over, even when its id has gone to another process since. Processes are kept out, not other
 * parts of one's own: for those see held.ts.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** @returns the other process that has it; undefined when it is this one's now. */
export function takeLockFile(path: string): number | undefined {
  if (created(path)) return undefined;
  const holder = lockHolder(path);
  if (holder !== undefined && holder !== process.pid) return holder;
  rmSync(path, { force: true });
  // Somebody else was quicker.
  return created(path) ? undefined : (lockHolder(path) ?? 0);
}

/** The process that has it, this one included; undefined when there is none or it is gone. */
export function lockHolder(path: string): number | undefined {
  const [id = '', startedAt = ''] = read(path).split('\n');
  const holder = Number(id);
  if (!Number.isSafeInteger(holder) || holder <= 0) return undefined;
  const start = startOf(holder);
  if (start !== '' && startedAt !== '' && start !== startedAt) return undefined;
  return isAlive(holder) ? holder : undefined;
}

function created(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n${startOf(process.pid)}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The boot of the machine and the moment in it at which a process started; '' where there is no such process or /proc. */
function startOf(processId: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const status = readFileSync(`/proc/${processId}/stat`, 'utf8');
    // proc(5): the name in brackets may hold anything; `starttime` is the 20th field after it.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return `${boot} ${fields[19] ?? ''}`;
  } catch {
    // Another platform than Linux, or no such process: the id alone has to do.
    return '';
  }
}
