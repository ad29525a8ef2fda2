import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beginLog, boundLog, withLog } from '../../../network/src/fabric/log-file.ts';

describe('log files', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logs-'));
    file = join(folder, 'logs', 'node.log');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const write = (text: string): void => {
    withLog(file, (descriptor) => writeSync(descriptor, text));
  };

  it('begin anew and keep the one before', async () => {
    for (const text of ['first\n', 'second\n', 'third\n']) {
      await beginLog(file);
      write(text);
      write(text);
    }
    expect(await readFile(file, 'utf8')).toBe('third\nthird\n');
    expect(await readFile(`${file}.1`, 'utf8')).toBe('second\nsecond\n');
  });

  it('are for their owner only', async () => {
    await beginLog(file);
    write('x');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('are cut while their node goes on writing', async () => {
    await beginLog(file);
    write('long enough\n');
    await boundLog(file, 1_000);
    expect(await readFile(file, 'utf8')).toBe('long enough\n');
    await boundLog(file, 10);
    write('later\n');
    expect(await readFile(file, 'utf8')).toBe('later\n');
    expect(await readFile(`${file}.1`, 'utf8')).toBe('long enough\n');
  });

  it('may be missing when they are to be cut', async () => {
    await expect(boundLog(file, 1)).resolves.toBeUndefined();
    await beginLog(file);
    await writeFile(file, '');
    await expect(boundLog(file, 1)).resolves.toBeUndefined();
  });
});
