/** The file system of Node, as the file stores see it. No file stays open between two calls. */
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from '../firmware/disk.ts';

const OWNER_ONLY = 0o600;

/** {@link Disk} on `node:fs`. */
export const nodeDisk: Disk = {
  join,
  async read(path) {
    try {
      return new Uint8Array(await readFile(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  },
  readAt: (path, at, length) =>
    using(path, 'r', async (file) => {
      const bytes = new Uint8Array(length);
      let got = 0;
      while (got < length) {
        const { bytesRead } = await file.read(bytes, got, length - got, at + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      return bytes.subarray(0, got);
    }),
  write: (path, bytes) => using(path, 'w', (file) => file.writeFile(bytes)),
  writeAt: (path, at, bytes) =>
    using(path, 'r+', async (file) => {
      let put = 0;
      while (put < bytes.length) {
        const { bytesWritten } = await file.write(bytes, put, bytes.length - put, at + put);
        put += bytesWritten;
      }
    }),
  truncate: (path) => using(path, 'r+', (file) => file.truncate(0)),
  sync: (path) => using(path, 'r+', (file) => file.sync()),
  link,
  rename,
  remove: (path) => rm(path, { force: true }),
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  syncDirectory: (path) => using(path, 'r', (directory) => directory.sync()),
};

async function using<T>(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, OWNER_ONLY);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
