import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockHolder, takeLockFile } from '../../network/src/lock-file.ts';

describe('a lock file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lock-file-'));
    path = join(directory, 'lock');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('names who has it, for its owner only', () => {
    expect(lockHolder(path)).toBeUndefined();
    expect(takeLockFile(path)).toBeUndefined();
    expect(lockHolder(path)).toBe(process.pid);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid}\n`));
  });

  it('keeps others out while its process lives', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    writeFileSync(path, `${other.pid!}\n`);
    expect(takeLockFile(path)).toBe(other.pid);
    expect(lockHolder(path)).toBe(other.pid);
    other.stdin.end();
    await once(other, 'exit');
    expect(lockHolder(path)).toBeUndefined();
    expect(takeLockFile(path)).toBeUndefined();
  });

  it.each(['', 'rubbish', '-1', '4194303', `${String(process.pid)}\n`])(
    'is taken over when it says %j',
    (content) => {
      writeFileSync(path, content);
      expect(takeLockFile(path)).toBeUndefined();
      expect(lockHolder(path)).toBe(process.pid);
    },
  );

  it('is nobody’s when the id has gone to another process since', () => {
    writeFileSync(path, `${String(process.ppid)}\nanother boot 1\n`);
    // Other platforms do not tell when a process started.
    const holder = process.platform === 'linux' ? undefined : process.ppid;
    expect(lockHolder(path)).toBe(holder);
    expect(takeLockFile(path)).toBe(holder);
  });
});
