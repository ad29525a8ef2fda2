import {
  appendFile,
  mkdtemp,
  open as openFile,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BlockFile } from '../../../../network/src/embedded/ledger/block-file.ts';
import { RECORD_HEADER_BYTES } from '../../../../network/src/embedded/ledger/block-record.ts';

const BLOCKS = ['zero', 'first block', 'second'].map((text) => Buffer.from(text));

type PlainWrite = (
  this: unknown,
  data: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesWritten: number }>;

describe('BlockFile', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'blocks-'));
    path = join(directory, 'blocks');
    const { file } = await open();
    for (const block of BLOCKS) {
      await file.append(block);
    }
    await file.close();
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  async function open(): Promise<{ file: BlockFile; seen: string[] }> {
    const seen: string[] = [];
    const file = await BlockFile.open({
      path,
      remedy: 'delete it',
      visit: (block, number) => {
        seen.push(`${number} ${Buffer.from(block).toString()}`);
      },
    });
    return { file, seen };
  }

  it('shows every block at start and reads any of them', async () => {
    const { file, seen } = await open();
    expect(seen).toEqual(['0 zero', '1 first block', '2 second']);
    expect(file.height).toBe(3);
    expect(Buffer.from(await file.read(1)).toString()).toBe('first block');
    await expect(file.read(3)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(file.read(2 ** 64)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await file.close();
  });

  it('goes on where it ended', async () => {
    const { file } = await open();
    await file.append(Buffer.from('third'));
    await file.close();
    const again = await open();
    expect(again.seen[3]).toBe('3 third');
    await again.file.close();
  });

  it('cuts a torn last block off, wherever it was torn', async () => {
    const whole = await readFile(path);
    const last = RECORD_HEADER_BYTES + BLOCKS[2]!.length;
    for (let missing = 1; missing < last; missing++) {
      await writeFile(path, whole);
      await truncate(path, whole.length - missing);
      const { file, seen } = await open();
      expect(seen).toEqual(['0 zero', '1 first block']);
      expect(file.cutBytes).toBe(last - missing);
      expect((await stat(path)).size).toBe(whole.length - last);
      await file.close();
    }
  });

  it('cuts zeros off that a crash left, and a last block with a wrong checksum', async () => {
    await appendFile(path, Buffer.alloc(100_000));
    const { file } = await open();
    expect([file.height, file.cutBytes]).toEqual([3, 100_000]);
    await file.close();
    await flip((await stat(path)).size - 1);
    const again = await open();
    expect(again.file.height).toBe(2);
    await again.file.close();
  });

  it('writes the next block in place of the torn one', async () => {
    await truncate(path, (await stat(path)).size - 3);
    const { file } = await open();
    await file.append(Buffer.from('new second'));
    await file.close();
    const again = await open();
    expect(again.seen[2]).toBe('2 new second');
    await again.file.close();
  });

  it.each([
    ['the content of an earlier block', RECORD_HEADER_BYTES, 0],
    ['its length', 8, 0],
    ['its number', 7, 0],
    ['its header checksum', 16, 0],
    ['the content of a later one', RECORD_HEADER_BYTES * 2 + 6, 1],
  ])('stops at damage in %s and names the block', async (_, offset, number) => {
    await flip(offset);
    await expect(open()).rejects.toMatchObject({
      code: 'BLOCK_FILE_DAMAGED',
      message: expect.stringContaining(`block ${number} in ${path}`) as string,
    });
    await expect(open()).rejects.toThrow('delete it');
  });

  it('stops at rubbish behind the last block', async () => {
    await appendFile(path, Buffer.alloc(30, 7));
    await expect(open()).rejects.toMatchObject({ code: 'BLOCK_FILE_DAMAGED' });
  });

  it('is open once in a process, by whatever path, until it is closed', async () => {
    const { file } = await open();
    const link = join(directory, 'link');
    await symlink(path, link);
    for (const other of [path, link]) {
      await expect(
        BlockFile.open({ path: other, remedy: '', visit: () => undefined }),
      ).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    }
    await file.append(Buffer.from('third'));
    await file.close();
    const again = await open();
    expect(again.file.height).toBe(4);
    await again.file.close();
  });

  it('can be opened again after it was found damaged', async () => {
    const whole = await readFile(path);
    await flip(8);
    await expect(open()).rejects.toMatchObject({ code: 'BLOCK_FILE_DAMAGED' });
    await writeFile(path, whole);
    const { file } = await open();
    expect(file.height).toBe(3);
    await file.close();
  });

  it('takes nothing more after a failed write', async () => {
    const { file } = await open();
    await file.close();
    await expect(file.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(file.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('writes the rest of a block that the disk took a part of', async () => {
    using _ = shortWrites(await handlePrototype(), 7);
    const { file } = await open();
    await file.append(Buffer.from('a third block'));
    await file.close();
    const again = await open();
    expect(again.seen[3]).toBe('3 a third block');
    await again.file.close();
  });

  it('has no block that the disk took a part of and had no room for the rest', async () => {
    const { file } = await open();
    {
      using _ = shortWrites(await handlePrototype(), 20, 1);
      await expect(file.append(Buffer.from('third'))).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        cause: { code: 'ENOSPC' },
      });
    }
    expect(file.height).toBe(3);
    await file.close();
    const again = await open();
    expect([again.file.height, again.file.cutBytes]).toEqual([3, 20]);
    await again.file.close();
  });

  async function handlePrototype(): Promise<FileHandle> {
    const handle = await openFile(path);
    await handle.close();
    return Object.getPrototypeOf(handle) as FileHandle;
  }

  /** Lets no write take more than so many bytes, and no more than `most` writes take any. */
  function shortWrites(handle: FileHandle, bytes: number, most = Infinity): Disposable {
    const { write } = handle as unknown as { write: PlainWrite };
    let taken = 0;
    const spy = jest.spyOn(handle as unknown as { write: PlainWrite }, 'write');
    spy.mockImplementation(function (this: unknown, data, offset, length, position) {
      taken += 1;
      if (taken > most) return Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
      return write.call(this, data, offset, Math.min(length, bytes), position);
    });
    return {
      [Symbol.dispose]: () => {
        spy.mockRestore();
      },
    };
  }

  async function flip(offset: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[offset] = bytes[offset]! ^ 1;
    await writeFile(path, bytes);
  }
});
