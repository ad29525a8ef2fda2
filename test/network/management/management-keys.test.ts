import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadManagementKeys } from '../../../network/src/management/index.ts';
import { codeOf } from '../code-of.ts';

const MASTER = new Uint8Array(32).fill(7);
const NAMES = ['chain-master', 'sealing-key', 'signature-key', 'tree-master'];

describe('the keys of a management node', () => {
  let parent: string;
  let directory: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'management-keys-'));
    directory = join(parent, 'gateway-1');
  });
  afterEach(async () => {
    await rm(parent, { recursive: true });
  });
  const load = (master = MASTER, id = 'gateway-1'): ReturnType<typeof loadManagementKeys> =>
    loadManagementKeys(directory, id, master);

  it('are made once, apart from one another, and are not on the disk in the open', async () => {
    const keys = await load();
    expect(await load()).toEqual(keys);
    const hex = Object.values(keys as object as Record<string, Uint8Array>).map((key) =>
      Buffer.from(key).toString('hex'),
    );
    expect(new Set(hex).size).toBe(4);
    expect((await readdir(directory)).sort()).toEqual(NAMES.map((name) => `${name}.sealed`));
    for (const name of await readdir(directory)) {
      const bytes = await readFile(join(directory, name));
      for (const key of hex) {
        expect(bytes.includes(key)).toBe(false);
        expect(bytes.includes(Buffer.from(key, 'hex'))).toBe(false);
      }
    }
  });

  it('are those that an earlier version kept in the open', async () => {
    await load();
    await rm(directory, { recursive: true });
    await loadManagementKeys(directory, 'gateway-1', MASTER);
    for (const [index, name] of NAMES.entries()) {
      await rm(join(directory, `${name}.sealed`));
      await writeFile(join(directory, name), `${`0${String(index)}`.repeat(32)}\n`);
    }
    const keys = {
      chainMaster: new Uint8Array(32).fill(0),
      sealing: new Uint8Array(32).fill(1),
      signature: new Uint8Array(32).fill(2),
      treeMaster: new Uint8Array(32).fill(3),
    };
    expect(await load()).toEqual(keys);
    expect((await readdir(directory)).sort()).toEqual(NAMES.map((name) => `${name}.sealed`));
    expect(await load()).toEqual(keys);
  });

  it('do not open under another master key, or for another node', async () => {
    await load();
    expect(await codeOf(() => load(new Uint8Array(32)))).toBe('MASTER_KEY_WRONG');
    expect(await codeOf(() => load(MASTER, 'gateway-2'))).toBe('MASTER_KEY_WRONG');
  });
});
