import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LevelStore } from '../../../../network/src/management/storage/level-store.ts';
import { codeOf } from '../../code-of.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

async function all(store: LevelStore, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of store.entries(prefix)) {
    found.push(`${key}=${Buffer.from(value).toString()}`);
  }
  return found;
}

describe('store on LevelDB', () => {
  let location: string;
  beforeEach(async () => {
    location = path.join(await mkdtemp(path.join(tmpdir(), 'lamplighter-level-')), 'state');
  });
  afterEach(async () => {
    await rm(path.dirname(location), { recursive: true });
  });

  it('keeps what was written, in order of keys and by prefix, for the next start', async () => {
    const first = await LevelStore.open(location);
    await first.write([
      { key: 'b/2', value: bytes('two') },
      { key: 'b/1', value: bytes('one') },
      { key: 'a', value: bytes('a') },
    ]);
    await first.write([{ key: 'a', value: null }]);
    await first.close();
    const second = await LevelStore.open(location);
    expect(await all(second)).toEqual(['b/1=one', 'b/2=two']);
    expect(await all(second, 'b/2')).toEqual(['b/2=two']);
    await second.close();
  });

  it('refuses a second node, of this process or of another one, with a sentence', async () => {
    const store = await LevelStore.open(location);
    expect(await codeOf(() => LevelStore.open(location))).toBe('DIRECTORY_IN_USE');
    await expect(LevelStore.open(location)).rejects.toThrow('is in use by another management node');
    const script = `
      const { ClassicLevel } = require('classic-level');
      new ClassicLevel(process.argv[1]).open().catch((error) => {
        process.stdout.write(error.cause.code);
      });`;
    const child = spawn(process.execPath, ['-e', script, location], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    expect(said).toBe('LEVEL_LOCKED');
    await store.close();
    await (await LevelStore.open(location)).close();
  });

  it('passes over a torn end of its log, which was never answered', async () => {
    const store = await LevelStore.open(location);
    await store.write([{ key: 'kept', value: bytes('kept') }]);
    await store.write([{ key: 'torn', value: bytes('torn'.repeat(100)) }]);
    await store.close();
    const log = (await readdir(location)).find((name) => name.endsWith('.log'))!;
    await truncate(path.join(location, log), 60);
    const again = await LevelStore.open(location);
    expect(await all(again)).toEqual(['kept=kept']);
    await again.close();
  });

  it('says so when it is damaged', async () => {
    const store = await LevelStore.open(location);
    await store.write([{ key: 'a', value: bytes('a') }]);
    await store.close();
    await writeFile(path.join(location, 'CURRENT'), 'nonsense');
    expect(await codeOf(() => LevelStore.open(location))).toBe('STORAGE_DAMAGED');
  });
});
