import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LogFile } from '../../../../network/src/operator/network/log-file.ts';

describe('a log file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
    path = join(folder, 'network.log');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const read = (name = path): string => readFileSync(name, 'utf8');

  it('goes on with what is there, for its owner alone', () => {
    for (const line of ['one\n', 'two\n']) {
      using file = new LogFile(path);
      file.write(line);
    }
    expect(read()).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps one older file and no more', () => {
    using file = new LogFile(path, 8);
    for (const line of ['first 1\n', 'second\n', 'third 3\n', 'fourth\n']) file.write(line);
    expect([read(`${path}.1`), read()]).toEqual(['second\nthird 3\n', 'fourth\n']);
  });

  it('counts the lines of a start that left a full file', () => {
    writeFileSync(path, 'a file that is full\n');
    using file = new LogFile(path, 8);
    file.write('new\n');
    expect([read(`${path}.1`), read()]).toEqual(['a file that is full\n', 'new\n']);
  });

  it('loses lines and not the network when it can not write, and says how many', () => {
    using file = new LogFile(path, 4);
    file.write('one\n');
    renameSync(folder, `${folder}.away`);
    file.write('two\n');
    file.write('three\n');
    renameSync(`${folder}.away`, folder);
    file.write('four\n');
    expect(read()).toBe('{"level":"warn","lost":2}\nfour\n');
  });
});
