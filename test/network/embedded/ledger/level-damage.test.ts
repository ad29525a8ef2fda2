import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  DamageWatch,
  damageNotePath,
} from '../../../../network/src/embedded/ledger/level-damage.ts';
import {
  DamagedRecordError,
  openRecord,
  sealRecord,
} from '../../../../network/src/embedded/ledger/level-records.ts';
import { LevelStore } from '../../../../network/src/embedded/ledger/level-store.ts';
import type { BlockEffects } from '../../../../network/src/embedded/ledger/store.ts';
import { stateHashOf } from '../../../../network/src/embedded/ledger/state-hash.ts';
import { change as changeOf, contentOf, NAMESPACE } from './states.ts';

const KEYS = Array.from({ length: 200 }, (_, index) => `k${String(index).padStart(4, '0')}`);
/** Random, so that their middles stand in the tables as they are: LevelDB finds nothing to compress. */
const VALUES = new Map(KEYS.map((key) => [key, randomBytes(24).toString('base64')]));
const AT = { blockNumber: 0, transactionNumber: 0 };

function effects(height: number): BlockEffects {
  return {
    savepoint: {
      height,
      hash: Buffer.from(`hash ${height}`),
      commitHash: Buffer.alloc(32),
      valid: 1,
      invalid: 0,
    },
    changes: KEYS.map((key) => changeOf(key, VALUES.get(key), height - 1)),
    history: KEYS.map((key) => ({ namespace: NAMESPACE, key, position: AT })),
    transactions: new Map(KEYS.map((key) => [`id of ${key}`, AT])),
  };
}

describe('a record with its checksum', () => {
  const key = Buffer.from('key');

  it('comes back as it was', () => {
    expect(openRecord(key, sealRecord(key, Buffer.from('value'))).toString()).toBe('value');
    expect(openRecord(key, sealRecord(key, Buffer.alloc(0)))).toHaveLength(0);
  });

  it('is refused when an octet has changed, or its key, or when it is too short', () => {
    const record = sealRecord(key, Buffer.from('value'));
    for (let index = 0; index < record.length; index++) {
      const damaged = Buffer.from(record);
      damaged[index]! ^= 1;
      expect(() => openRecord(key, damaged)).toThrow(DamagedRecordError);
    }
    expect(() => openRecord(Buffer.from('kez'), record)).toThrow(DamagedRecordError);
    expect(() => openRecord(key, record.subarray(0, 3))).toThrow(DamagedRecordError);
  });
});

describe('a database that is damaged while it is in use', () => {
  let directory: string;
  let path: string;
  let store: LevelStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'damage-'));
    path = join(directory, 'state');
    const fresh = await LevelStore.open(path);
    await fresh.apply(effects(1));
    await fresh.close();
    // LevelDB moves what was in its log into a table when it is opened again.
    store = await LevelStore.open(path);
  });

  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  /** Changes every table in place: LevelDB has mapped them into memory. */
  async function change(harm: (table: Buffer) => void): Promise<void> {
    const tables = (await readdir(path)).filter((name) => name.endsWith('.ldb'));
    expect(tables).not.toEqual([]);
    for (const name of tables) {
      const table = await readFile(join(path, name));
      harm(table);
      const file = await open(join(path, name), 'r+');
      await file.write(table, 0, table.length, 0);
      await file.close();
    }
  }

  /** Spoils everything but the index at the end, which LevelDB read when it opened the table. */
  const damage = (): Promise<void> => change((table) => table.fill(0xa5, 100, table.length - 500));

  async function reopened(): Promise<LevelStore> {
    await store.close();
    store = await LevelStore.open(path);
    return store;
  }

  const damaged = { code: 'STATE_DAMAGED' };

  it('says so to every reader and writer from then on, and notes it', async () => {
    const view = store.view();
    await damage();
    await expect(contentOf(view)).rejects.toMatchObject(damaged);
    expect(store.damage).toMatchObject(damaged);
    await expect(view.get(NAMESPACE, KEYS[199]!)).rejects.toMatchObject(damaged);
    expect(() => store.view()).toThrow(expect.objectContaining(damaged) as Error);
    expect(() => store.position('other')).toThrow(expect.objectContaining(damaged) as Error);
    await expect(store.apply(effects(2))).rejects.toMatchObject(damaged);
    await expect(store.history(NAMESPACE, 'k', 1).next()).rejects.toMatchObject(damaged);
    expect(await readFile(damageNotePath(path), 'utf8')).not.toBe('');
    view.release();
  });

  it.each<[string, (used: LevelStore) => unknown]>([
    ['a key', (used) => used.view().get(NAMESPACE, KEYS[100]!)],
    ['the whole state', (used) => stateHashOf(used.view())],
    ['a transaction id', (used) => KEYS.map((key) => used.position(`id of ${key}`))],
  ])('shows when %s is read', async (_, read) => {
    await damage();
    await expect(Promise.resolve().then(() => read(store))).rejects.toMatchObject(damaged);
    expect(store.damage).toMatchObject(damaged);
  });

  it('shows when a single octet of a value has changed, which LevelDB does not notice', async () => {
    const key = KEYS[77]!;
    const value = Buffer.from(VALUES.get(key)!);
    await change((table) => {
      const at = table.indexOf(value.subarray(8, 16));
      expect(at).toBeGreaterThan(0);
      table[at + 4]! ^= 1;
    });
    const view = store.view();
    expect(await view.get(NAMESPACE, KEYS[76]!)).toBeDefined();
    await expect(view.get(NAMESPACE, key)).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining(`${key}" is damaged`) as string,
    });
    view.release();
  });

  it('is wiped when it is opened next, once', async () => {
    await damage();
    await expect(contentOf(store.view())).rejects.toMatchObject(damaged);
    const { wiped, savepoint } = await reopened();
    expect(wiped).toMatch(/^it was found damaged: /);
    expect(savepoint.height).toBe(0);
    await store.apply(effects(1));
    expect((await reopened()).wiped).toBeUndefined();
    expect((await contentOf(store.view())).length).toBe(KEYS.length);
  });

  it('is wiped for a note alone, as one that a crash left', async () => {
    await store.close();
    await writeFile(damageNotePath(path), 'a table could not be read\n');
    expect((await reopened()).wiped).toBe('it was found damaged: a table could not be read');
    expect(await readdir(directory)).toEqual(['state']);
  });

  it('says what to do when not even the note can be written', async () => {
    const watch = new DamageWatch(join(directory, 'missing', 'state'));
    const error = Object.assign(new Error('bad block'), { code: 'LEVEL_CORRUPTION' });
    expect(watch.judgeRead(error)).toMatchObject({
      ...damaged,
      message: expect.stringMatching(
        /no note of it could be written .*delete that folder/,
      ) as string,
    });
    await expect(readdir(join(directory, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not taken for damaged when a disk is full', () => {
    const watch = new DamageWatch(path);
    const full = Object.assign(new Error('no space left'), { code: 'LEVEL_IO_ERROR' });
    expect(watch.judgeWrite(full)).toBe(full);
    expect(watch.judgeRead(new RangeError('a mistake'))).toBeInstanceOf(RangeError);
    expect(watch.damage).toBeUndefined();
    expect(
      watch.judgeWrite(Object.assign(new Error(), { code: 'LEVEL_CORRUPTION' })),
    ).toMatchObject(damaged);
  });
});
