/** Log files of nodes: kept, and bounded. */
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Some days of an ordinary city; the one before is kept beside it as `.1`. */
const MOST_BYTES = 64 * 2 ** 20;

/** Of a stack, what it is about. */
const LAST_LINES = 12;

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Begins a log anew, and keeps the one before as `.1`. */
export async function beginLog(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await rename(file, `${file}.1`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Cuts a log that its node is writing, when it has grown too large. A line or two of that moment may be lost. */
export async function boundLog(file: string, mostBytes: number = MOST_BYTES): Promise<void> {
  try {
    if ((await stat(file)).size < mostBytes) return;
    await copyFile(file, `${file}.1`);
    await truncate(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** @returns the end of a log, for an error's text; '' when there is none. */
export async function lastWords(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim().split('\n').slice(-LAST_LINES).join('\n');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

/** For a child's output: each line is appended, so that the file may be cut under it. Given up to `use`, then closed here. */
export function withLog<T>(file: string, use: (descriptor: number) => T): T {
  const descriptor = openSync(file, 'a', 0o600);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
