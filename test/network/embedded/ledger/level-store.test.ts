import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ClassicLevel } from 'classic-level';

import { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import { LevelStore } from '../../../../network/src/embedded/ledger/level-store.ts';
import { newChain } from './blocks.ts';

const VALID = Uint8Array.of(0);

describe('LevelStore below a ledger', () => {
  let directory: string;
  let path: string;
  const blocks = newChain(6);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'level-'));
    path = join(directory, 'blocks');
    await run(3);
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const state = (): string => join(directory, 'state');

  /** Opens store and ledger, commits up to a height, and tells what the start had to do. */
  async function run(height: number): Promise<{ replayed: number; wiped: string | undefined }> {
    const store = await LevelStore.open(state());
    const ledger = await Ledger.open({ path, remedy: 'delete it', store });
    for (const block of blocks.slice(ledger.height, height)) {
      await ledger.commit(block, VALID);
    }
    expect(ledger.counts).toEqual({ valid: height, invalid: 0 });
    expect(ledger.info.currentHash).toEqual(blocks[height - 1]!.hash);
    expect(ledger.info.previousHash).toEqual(blocks[height - 1]!.header.previousHash);
    expect(ledger.numberOf(blocks[1]!.hash)).toBe(1);
    await ledger.close();
    return { replayed: ledger.replayed, wiped: store.wiped };
  }

  it('goes on where it stood, without a replay', async () => {
    expect(await run(4)).toEqual({ replayed: 0, wiped: undefined });
    expect(await run(4)).toEqual({ replayed: 0, wiped: undefined });
  });

  it('is rebuilt when it is missing', async () => {
    await rm(state(), { recursive: true });
    expect(await run(3)).toEqual({ replayed: 3, wiped: undefined });
  });

  it('gets the blocks that it lacks', async () => {
    const other = join(directory, 'other');
    const store = await LevelStore.open(other);
    const ledger = await Ledger.open({ path: join(directory, 'two'), remedy: '', store });
    await ledger.commit(blocks[0]!, VALID);
    await ledger.close();
    await rm(state(), { recursive: true });
    const behind = await LevelStore.open(other);
    const full = await Ledger.open({ path, remedy: '', store: behind });
    expect([full.height, full.replayed]).toEqual([3, 2]);
    await full.close();
  });

  it.each([
    ['a damaged manifest', (names: string[]) => names.find((name) => name.startsWith('MANIFEST'))],
    ['a damaged pointer to it', () => 'CURRENT'],
  ])('is wiped and rebuilt after %s', async (_, pick) => {
    const name = pick(await readdir(state()))!;
    await writeFile(join(state(), name), 'damaged');
    const { replayed, wiped } = await run(3);
    expect(replayed).toBe(3);
    expect(wiped).toMatch(/orruption/);
  });

  it.each([
    ['of another format', 'f', 'lamplighter.ledger.0'],
    ['without a format', 'x', 'y'],
  ])('is wiped and rebuilt when the database is %s', async (_, key, value) => {
    await rm(state(), { recursive: true });
    const database = new ClassicLevel(state());
    await database.put(key, value);
    await database.close();
    expect(await run(3)).toEqual({
      replayed: 3,
      wiped: expect.stringContaining('format') as string,
    });
  });

  it('is rebuilt when it is ahead of the block file', async () => {
    await rm(path);
    const store = await LevelStore.open(state());
    const ledger = await Ledger.open({ path, remedy: '', store });
    expect([ledger.height, store.savepoint.height]).toEqual([0, 0]);
    await ledger.close();
  });

  it('refuses a database that is open elsewhere', async () => {
    const store = await LevelStore.open(state());
    await expect(LevelStore.open(state())).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    await store.close();
  });

  it('says so when it cannot write', async () => {
    const store = await LevelStore.open(state());
    await store.close();
    const { savepoint } = store;
    const next = { ...savepoint, height: savepoint.height + 1 };
    const block = { savepoint: next, changes: [], history: [], transactions: new Map() };
    await expect(store.apply(block)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });
});
