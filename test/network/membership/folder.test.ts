import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  folderExists,
  readFolderFile,
  writeFolder,
} from '../../../network/src/membership/folder.ts';
import { coded } from '../coded.ts';

describe('folders', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'folder-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('appear with all their files and modes, parents too', async () => {
    const target = join(directory, 'a', 'b');
    expect(await folderExists(target)).toBe(false);
    await writeFolder(target, [
      { path: 'public.txt', content: 'public' },
      { path: 'keys/secret.txt', content: 'secret', secret: true },
    ]);
    expect(await folderExists(target)).toBe(true);
    expect(await readFile(join(target, 'public.txt'), 'utf8')).toBe('public');
    expect(await readFolderFile(target, 'keys/secret.txt')).toBe('secret');
    expect((await stat(join(target, 'keys', 'secret.txt'))).mode & 0o077).toBe(0);
    expect(await readdir(join(directory, 'a'))).toEqual(['b']);
  });

  it('leave nothing behind when a file cannot be written', async () => {
    const target = join(directory, 'target');
    const files = [
      { path: 'a', content: 'a file' },
      { path: 'a/b', content: 'below a file' },
    ];
    await expect(writeFolder(target, files)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('are not written over others', async () => {
    const target = join(directory, 'target');
    await mkdir(target);
    await writeFile(join(target, 'kept'), 'kept');
    await expect(writeFolder(target, [{ path: 'new', content: '' }])).rejects.toMatchObject({
      code: 'ENOTEMPTY',
    });
    expect(await readdir(directory)).toEqual(['target']);
    expect(await readdir(target)).toEqual(['kept']);
  });

  it('say which file is missing, and pass other failures on', async () => {
    await expect(readFolderFile(directory, 'none')).rejects.toEqual(
      coded('ORGANISATION_INCOMPLETE'),
    );
    await expect(readFolderFile(directory, '.')).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('are not files, and a path through a file is an error', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    expect(await folderExists(file)).toBe(false);
    await expect(folderExists(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
