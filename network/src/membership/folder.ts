/** Folders that appear whole or not at all: written beside their place, then renamed into it. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isNativeError } from 'node:util/types';

import { IdentityError } from './identity-errors.ts';

/** Files by relative path; `secret` ones get mode 0600. */
export interface FolderFile {
  readonly path: string;
  readonly content: string;
  readonly secret?: boolean;
}

function hasCode(error: unknown, code: string): boolean {
  return isNativeError(error) && 'code' in error && error.code === code;
}

export async function folderExists(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return false;
    }
    throw error;
  }
}

/** Writes a new folder in one step, so that a crash leaves none rather than half of it. */
export async function writeFolder(directory: string, files: readonly FolderFile[]): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const draft = `${directory}.${randomBytes(6).toString('hex')}.draft`;
  try {
    for (const { path, content, secret } of files) {
      const file = join(draft, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { mode: secret ? 0o600 : 0o644, flush: true });
    }
    await rename(draft, directory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** @throws {@link IdentityError} ORGANISATION_INCOMPLETE when the file is not there. */
export async function readFolderFile(directory: string, path: string): Promise<string> {
  try {
    return await readFile(join(directory, path), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      throw new IdentityError('ORGANISATION_INCOMPLETE', `expected ${path} in ${directory}`, {
        cause: error,
      });
    }
    throw error;
  }
}
