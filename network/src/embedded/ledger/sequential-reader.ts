/** Reads a file from front to back in large pieces, however small the records in it are. */
import type { FileHandle } from 'node:fs/promises';

const WINDOW_BYTES = 1_048_576;

/** @returns fewer bytes only at the end of the file. */
export async function readExactly(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

export class SequentialReader {
  readonly #handle: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @returns fewer bytes only at the end of the file; valid until the next call. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      this.#window = await readExactly(this.#handle, offset, Math.max(length, WINDOW_BYTES));
      this.#start = offset;
    }
    const from = offset - this.#start;
    return this.#window.subarray(from, from + length);
  }
}
