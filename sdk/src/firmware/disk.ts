/**
 * What file stores need of a file system: few operations, each of them a point at which a power cut can come. `node-disk.ts`
 * provides it; tests provide one that forgets what was not synced.
 */

/** A file system. Paths are absolute. Every call rejects with the platform's error when it fails. */
export interface Disk {
  /** Joins a directory and a name. */
  join(directory: string, name: string): string;
  /** The whole file, null when there is none. */
  read(path: string): Promise<Uint8Array | null>;
  /** At most `length` bytes from byte `at` on; fewer at the end of the file. */
  readAt(path: string, at: number, length: number): Promise<Uint8Array>;
  /** Creates or replaces a file, readable by its owner only; not lasting before {@link sync}. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes into a file that is there; not lasting before {@link sync}. */
  writeAt(path: string, at: number, bytes: Uint8Array): Promise<void>;
  /** Cuts a file that is there to no bytes; not lasting before {@link sync}. */
  truncate(path: string): Promise<void>;
  /** Makes a file's bytes lasting. */
  sync(path: string): Promise<void>;
  /** Gives a file a second name. */
  link(from: string, to: string): Promise<void>;
  /** Renames a file over another one: all or nothing; not lasting before {@link syncDirectory}. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, if there is one; not lasting before {@link syncDirectory}. */
  remove(path: string): Promise<void>;
  /** Makes a directory, open to its owner only, unless it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Makes names lasting. */
  syncDirectory(path: string): Promise<void>;
}
