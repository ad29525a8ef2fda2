import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadMasterKey } from '../../../network/src/at-rest/master-key.ts';
import { codeOf } from '../code-of.ts';

describe('master key', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lamplighter-key-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  const own = (): string => path.join(directory, 'master-key');

  it('is made at the first start, mode 0600, and is the same afterwards', async () => {
    const key = await loadMasterKey(directory, {});
    expect(key).toHaveLength(32);
    expect((await stat(own())).mode & 0o777).toBe(0o600);
    expect(await loadMasterKey(directory, {})).toEqual(key);
  });

  it('comes from the environment, or from a file that it names', async () => {
    const hex = 'ab'.repeat(32);
    const file = path.join(directory, 'elsewhere');
    await writeFile(file, `${hex}\n`, { mode: 0o600 });
    const expected = new Uint8Array(32).fill(0xab);
    expect(await loadMasterKey(directory, { LAMPLIGHTER_MASTER_KEY: hex })).toEqual(expected);
    expect(await loadMasterKey(directory, { LAMPLIGHTER_MASTER_KEY_FILE: file })).toEqual(expected);
    expect(await codeOf(() => stat(own()).catch(() => undefined))).toBe('none');
  });

  it.each([
    ['not hex in the environment', { LAMPLIGHTER_MASTER_KEY: 'secret' }],
    ['too short in the environment', { LAMPLIGHTER_MASTER_KEY: 'ab'.repeat(31) }],
  ])('is refused when it is %s, without being told', async (_name, environment) => {
    const refused = loadMasterKey(directory, environment);
    await expect(refused).rejects.toMatchObject({ code: 'MASTER_KEY_MALFORMED' });
    await expect(refused).rejects.not.toThrow(environment.LAMPLIGHTER_MASTER_KEY);
  });

  it('is refused from a file that others can read, that is damaged, or that is not there', async () => {
    await writeFile(own(), 'ab'.repeat(32), { mode: 0o600 });
    await chmod(own(), 0o640);
    expect(await codeOf(() => loadMasterKey(directory, {}))).toBe('MASTER_KEY_EXPOSED');
    await chmod(own(), 0o600);
    await writeFile(own(), 'damaged');
    expect(await codeOf(() => loadMasterKey(directory, {}))).toBe('MASTER_KEY_MALFORMED');
    const environment = { LAMPLIGHTER_MASTER_KEY_FILE: path.join(directory, 'nowhere') };
    expect(await codeOf(() => loadMasterKey(directory, environment))).toBe('MASTER_KEY_MISSING');
  });

  it('is not made anew where a state was sealed under the one that is gone', async () => {
    await mkdir(path.join(directory, 'state'));
    expect(await codeOf(() => loadMasterKey(directory, {}))).toBe('MASTER_KEY_MISSING');
  });

  it('is not made anew where a file was sealed under the one that is gone', async () => {
    await writeFile(path.join(directory, 'release-key.sealed'), '');
    expect(await codeOf(() => loadMasterKey(directory, {}))).toBe('MASTER_KEY_MISSING');
  });
});
