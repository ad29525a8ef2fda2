/**
 * The blocks of one node on disk: records one after the other, written and flushed before anybody hears of them. Only their
 * offsets are in memory. At start every checksum is checked; a last record that a crash left incomplete is cut off (it was never
 * acknowledged), a damaged one before it stops the node.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EmbeddedError } from '../errors.ts';
import { hold } from '../../held.ts';
import { decodeRecordHeader, encodeRecord, isIntact, RECORD_HEADER_BYTES } from './block-record.ts';
import { BlockCache } from './block-cache.ts';
import { BlockOffsets } from './block-offsets.ts';
import { readExactly, SequentialReader } from './sequential-reader.ts';

/** Sees every block at start, in order; the bytes are valid during the call only. */
export type BlockVisitor = (block: Uint8Array, number: number) => Promise<void> | void;

export interface BlockFileOptions {
  readonly path: string;
  readonly visit: BlockVisitor;
  /** What a person should do about a damaged file of this node. */
  readonly remedy: string;
}

/** A new file is only safe when its folder is flushed too. */
async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
  const handle = await open(path, 'wx+', 0o600);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
  return handle;
}

/** Two writers would write over each other. @returns what gives the file back. */
async function holdFile(handle: FileHandle, path: string): Promise<() => void> {
  const { dev, ino } = await handle.stat({ bigint: true });
  const letGo = hold(`file ${dev}:${ino}`);
  if (!letGo) {
    throw new EmbeddedError('DIRECTORY_IN_USE', `${path} is open already in this process`);
  }
  return letGo;
}

/** A disk with little room left takes a part and calls that a success: only the next write fails. */
async function writeWhole(handle: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, start + done);
    done += bytesWritten;
  }
}

export class BlockFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #letGo: () => void;
  readonly #offsets = new BlockOffsets();
  readonly #cache = new BlockCache();
  #end = 0;
  #cutBytes = 0;
  #failure: EmbeddedError | undefined;

  private constructor(handle: FileHandle, path: string, letGo: () => void) {
    this.#handle = handle;
    this.#path = path;
    this.#letGo = letGo;
  }

  /** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED with the number of the block, DIRECTORY_IN_USE */
  static async open(options: BlockFileOptions): Promise<BlockFile> {
    const handle = await openOrCreate(options.path);
    let file: BlockFile | undefined;
    try {
      file = new BlockFile(handle, options.path, await holdFile(handle, options.path));
      await file.#scan(options);
      return file;
    } catch (error) {
      await (file ?? handle).close();
      throw error;
    }
  }

  /** Number of blocks; the next block has this number. */
  get height(): number {
    return this.#offsets.count;
  }

  /** Bytes of an incomplete last block that were cut off at start. */
  get cutBytes(): number {
    return this.#cutBytes;
  }

  /**
   * Appends the next block and flushes it to the disk.
   *
   * @throws {@link EmbeddedError} STORAGE_FAILED; from then on for every further block.
   */
  async append(block: Uint8Array): Promise<void> {
    if (this.#failure) {
      throw this.#failure;
    }
    const record = encodeRecord(this.height, block);
    try {
      await writeWhole(this.#handle, record, this.#end);
      await this.#handle.datasync();
    } catch (cause) {
      this.#failure = new EmbeddedError(
        'STORAGE_FAILED',
        `block ${this.height} could not be written to ${this.#path}; see to the disk and start again`,
        { cause },
      );
      throw this.#failure;
    }
    this.#cache.put(this.height, block);
    this.#offsets.push(this.#end);
    this.#end += record.length;
  }

  /** @throws {@link EmbeddedError} NOT_FOUND, STORAGE_FAILED */
  async read(number: number): Promise<Uint8Array> {
    const start = this.#offsets.at(number);
    if (start === undefined) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `expected a block below ${this.height}, got ${String(number)}`,
      );
    }
    const known = this.#cache.get(number);
    if (known) {
      return known;
    }
    const end = this.#offsets.at(number + 1) ?? this.#end;
    const record = await readExactly(this.#handle, start, end - start);
    const header = decodeRecordHeader(record);
    const block = record.subarray(RECORD_HEADER_BYTES);
    if (header?.number !== number || !isIntact(header, block)) {
      throw new EmbeddedError(
        'STORAGE_FAILED',
        `block ${number} of ${this.#path} has changed since the start; start again to have it checked`,
      );
    }
    this.#cache.put(number, block);
    return block;
  }

  async close(): Promise<void> {
    await this.#handle.close();
    this.#letGo();
  }

  async #scan(options: BlockFileOptions): Promise<void> {
    const { size } = await this.#handle.stat();
    const reader = new SequentialReader(this.#handle);
    while (this.#end < size) {
      const block = await this.#next(reader, size);
      if (!block) {
        await this.#cutTail(size, options.remedy);
        return;
      }
      await options.visit(block, this.height);
      this.#offsets.push(this.#end);
      this.#end += RECORD_HEADER_BYTES + block.length;
    }
  }

  /** @returns the block at the present end, or undefined when it is not whole. */
  async #next(reader: SequentialReader, size: number): Promise<Buffer | undefined> {
    const header = decodeRecordHeader(await reader.read(this.#end, RECORD_HEADER_BYTES));
    if (!header || header.number !== this.height) {
      return undefined;
    }
    if (this.#end + RECORD_HEADER_BYTES + header.length > size) {
      return undefined;
    }
    const block = await reader.read(this.#end + RECORD_HEADER_BYTES, header.length);
    return isIntact(header, block) ? block : undefined;
  }

  /** A torn tail is a record that the file's end cuts short; anything else is damage that nobody may hide. */
  async #cutTail(size: number, remedy: string): Promise<void> {
    const rest = size - this.#end;
    const start = await readExactly(this.#handle, this.#end, Math.min(rest, RECORD_HEADER_BYTES));
    const header = decodeRecordHeader(start);
    const torn =
      rest < RECORD_HEADER_BYTES ||
      (header?.number === this.height && rest <= RECORD_HEADER_BYTES + header.length) ||
      (await this.#isBlank(size));
    if (!torn) {
      throw new EmbeddedError(
        'BLOCK_FILE_DAMAGED',
        `block ${this.height} in ${this.#path} (byte ${this.#end}) is damaged; ${remedy}`,
      );
    }
    await this.#handle.truncate(this.#end);
    await this.#handle.datasync();
    this.#cutBytes = rest;
  }

  /** Some file systems leave zeros where a crash stopped a write. */
  async #isBlank(size: number): Promise<boolean> {
    const chunkBytes = 65_536;
    for (let offset = this.#end; offset < size; offset += chunkBytes) {
      const length = Math.min(chunkBytes, size - offset);
      const chunk = await readExactly(this.#handle, offset, length);
      if (chunk.some((octet) => octet !== 0)) {
        return false;
      }
    }
    return true;
  }
}
