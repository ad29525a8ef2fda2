import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { lockDirectory } from '../../../network/src/membership/directory-lock.ts';

describe('lockDirectory', () => {
  let directory: string;

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'lock-')), 'state');
  });

  afterEach(async () => {
    await rm(join(directory, '..'), { recursive: true });
  });

  it('makes the directory for its owner only, and gives it back', async () => {
    const release = await lockDirectory(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(directory, 'lock'), 'utf8')).toMatch(
      new RegExp(`^${process.pid}\n`),
    );
    await release();
    await expect(stat(join(directory, 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
    await (
      await lockDirectory(directory)
    )();
  });

  it('refuses a second network of this process', async () => {
    const release = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    await release();
  });

  it('refuses it by any other path to the same directory', async () => {
    const release = await lockDirectory(directory);
    const link = join(directory, '..', 'link');
    await symlink(directory, link);
    for (const path of [relative(process.cwd(), directory), link, `${directory}/../state/`]) {
      await expect(lockDirectory(path)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    }
    expect(await readFile(join(directory, 'lock'), 'utf8')).toMatch(
      new RegExp(`^${process.pid}\n`),
    );
    await release();
  });

  it('refuses it to another copy of this module', async () => {
    const release = await lockDirectory(directory);
    await jest.isolateModulesAsync(async () => {
      const copy = await import('../../../network/src/membership/directory-lock.ts');
      expect(copy.lockDirectory).not.toBe(lockDirectory);
      await expect(copy.lockDirectory(directory)).rejects.toMatchObject({
        code: 'DIRECTORY_IN_USE',
      });
    });
    await release();
  });

  it('refuses while another process lives, and takes over when it is dead', async () => {
    await (
      await lockDirectory(directory)
    )();
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await writeFile(join(directory, 'lock'), `${other.pid!}\n`);
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      code: 'DIRECTORY_IN_USE',
      message: expect.stringContaining(`in use by process ${other.pid!}`) as string,
    });
    other.stdin.end();
    await once(other, 'exit');
    await (
      await lockDirectory(directory)
    )();
  });

  it.each(['', 'rubbish', '-1', String(process.pid)])(
    'takes over a lock that says %j',
    async (content) => {
      await (
        await lockDirectory(directory)
      )();
      await writeFile(join(directory, 'lock'), content);
      const release = await lockDirectory(directory);
      expect(await readFile(join(directory, 'lock'), 'utf8')).toMatch(
        new RegExp(`^${process.pid}\n`),
      );
      await release();
    },
  );
});
