/** One suite over both stores of a ledger, in memory and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { compareKeys } from '../../../../network/src/embedded/ledger/key-order.ts';
import { LevelStore } from '../../../../network/src/embedded/ledger/level-store.ts';
import { MemoryStore } from '../../../../network/src/embedded/ledger/memory-store.ts';
import { stateHashOf } from '../../../../network/src/embedded/ledger/state-hash.ts';
import type { Position } from '../../../../network/src/embedded/ledger/history.ts';
import type { StateChange, StateView } from '../../../../network/src/embedded/ledger/state.ts';
import type { BlockEffects, LedgerStore } from '../../../../network/src/embedded/ledger/store.ts';
import { change, contentOf, NAMESPACE } from './states.ts';

const at = (blockNumber: number, transactionNumber = 0): Position => ({
  blockNumber,
  transactionNumber,
});

/** A block that changes these keys. */
function effects(
  number: number,
  changes: readonly StateChange[] = [],
  more: Partial<BlockEffects> = {},
): BlockEffects {
  return {
    savepoint: {
      height: number + 1,
      hash: Buffer.from(`hash ${number}`),
      commitHash: Buffer.from(`commit ${number}`),
      valid: number + 1,
      invalid: 2 * number,
    },
    changes,
    history: [],
    transactions: new Map(),
    ...more,
  };
}

describe.each<[string, (path: string) => Promise<LedgerStore>]>([
  ['MemoryStore', () => Promise.resolve(new MemoryStore())],
  ['LevelStore', (path) => LevelStore.open(path)],
])('%s', (_, openStore) => {
  let directory: string;
  let store: LedgerStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-'));
    store = await openStore(join(directory, 'state'));
  });

  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function contentNow(): Promise<[string, string][]> {
    const view = store.view();
    const content = await contentOf(view);
    view.release();
    return content;
  }

  it('begins empty', async () => {
    expect(store.savepoint).toMatchObject({ height: 0, valid: 0, invalid: 0 });
    expect(await contentNow()).toEqual([]);
    expect(store.position('id')).toBeUndefined();
    expect(store.numberOf(Buffer.from('hash 0'))).toBeUndefined();
  });

  it('takes a block with all that belongs to it', async () => {
    const block = effects(0, [change('b', '1', 0), change('a', '2', 0)], {
      transactions: new Map([['id', at(0, 3)]]),
    });
    await store.apply(block);
    expect(store.savepoint).toEqual(block.savepoint);
    expect(store.position('id')).toEqual(at(0, 3));
    expect(store.numberOf(block.savepoint.hash)).toBe(0);
    const view = store.view();
    expect(view.height).toBe(1);
    expect(await contentOf(view)).toEqual([
      ['a', '2'],
      ['b', '1'],
    ]);
    expect(await contentOf(view, 'a', 'b')).toEqual([['a', '2']]);
    expect(await contentOf(view, 'b', 'a')).toEqual([]);
    expect((await view.get(NAMESPACE, 'a'))?.version).toEqual(at(0));
    expect(await view.get('other', 'a')).toBeUndefined();
    view.release();
  });

  it('shows at each height what was so, also for keys that were read before', async () => {
    const large = 'x'.repeat(2_000);
    await store.apply(effects(0, [change('a', '1', 0), change('large', large, 0)]));
    const before = store.view();
    const texts = async (view: StateView): Promise<(string | undefined)[]> => {
      const entries = await Promise.all(['a', 'b', 'large'].map((key) => view.get(NAMESPACE, key)));
      return entries.map((entry) => entry && Buffer.from(entry.value).toString());
    };
    expect(await texts(before)).toEqual(['1', undefined, large]);
    await store.apply(effects(1, [change('a', '2', 1), change('b', '3', 1)]));
    const after = store.view();
    expect(await texts(after)).toEqual(['2', '3', large]);
    expect(await texts(before)).toEqual(['1', undefined, large]);
    expect(await after.get('other', 'a')).toBeUndefined();
    before.release();
    after.release();
  });

  it('takes blocks in order only', async () => {
    await expect(store.apply(effects(1))).rejects.toThrow(RangeError);
    await store.apply(effects(0));
    await expect(store.apply(effects(0))).rejects.toThrow(RangeError);
  });

  it('keeps metadata, and namespaces apart', async () => {
    const metadata = new Map([
      ['VALIDATION_PARAMETER', Buffer.from('policy')],
      ['empty', Buffer.alloc(0)],
    ]);
    const entry = { value: Buffer.from('v'), metadata, version: at(0, 7) };
    await store.apply(
      effects(0, [
        { namespace: 'a', key: 'k', entry },
        { namespace: 'ab', key: 'k', entry: { ...entry, value: Buffer.alloc(0) } },
      ]),
    );
    const view = store.view();
    const found = await view.get('a', 'k');
    expect(Buffer.from(found!.value).toString()).toBe('v');
    expect(found!.version).toEqual(at(0, 7));
    expect([...found!.metadata].map(([name, value]) => [name, Buffer.from(value)])).toEqual([
      ...metadata,
    ]);
    expect((await view.get('ab', 'k'))?.value).toHaveLength(0);
    expect(await view.next('a', 'k', false, '')).toBeUndefined();
    const names: string[] = [];
    for await (const { namespace, key } of view.entries()) {
      names.push(`${namespace} ${key}`);
    }
    expect(names).toEqual(['a k', 'ab k']);
    view.release();
  });

  it('shows a view the height it was taken at, until it is released', async () => {
    await store.apply(effects(0, [change('kept', 'old', 0), change('gone', 'old', 0)]));
    const view = store.view();
    await store.apply(effects(1, [change('kept', 'new', 1), change('gone', undefined, 1)]));
    await store.apply(effects(2, [change('kept', 'newer', 2)]));
    expect(await contentOf(view)).toEqual([
      ['gone', 'old'],
      ['kept', 'old'],
    ]);
    expect(await contentNow()).toEqual([['kept', 'newer']]);
    view.release();
    view.release();
    expect(await contentNow()).toEqual([['kept', 'newer']]);
  });

  it('tells the writes of a key below a height, newest first, however many', async () => {
    const written = { namespace: NAMESPACE, key: 'k' };
    for (let number = 0; number < 3; number++) {
      const history = Array.from({ length: 100 }, (__, index) => ({
        ...written,
        position: at(number, index),
      }));
      const other = { namespace: NAMESPACE, key: 'k\0', position: at(number) };
      await store.apply(effects(number, [], { history: [...history, other] }));
    }
    const found: Position[] = [];
    for await (const position of store.history(NAMESPACE, 'k', 2)) {
      found.push(position);
    }
    expect(found).toHaveLength(200);
    expect([found[0], found[199]]).toEqual([at(1, 99), at(0, 0)]);
    for await (const position of store.history(NAMESPACE, 'unknown', 3)) {
      expect(position).toBeUndefined();
    }
  });

  it('walks many records of all sizes in order, and two walks at a time', async () => {
    const changes = Array.from({ length: 500 }, (__, index) =>
      change(`k${String(index).padStart(4, '0')}`, 'x'.repeat(index * 10), 0),
    );
    await store.apply(effects(0, changes));
    const view = store.view();
    const keys = changes.map(({ key }) => key);
    expect((await contentOf(view)).map(([key]) => key)).toEqual(keys);
    let [left, right] = ['', 'k0100'];
    for (let index = 0; index < 300; index++) {
      left = (await view.next(NAMESPACE, left, false, ''))?.key ?? '';
      right = (await view.next(NAMESPACE, right, false, 'k0450'))?.key ?? '';
      expect([left, right]).toEqual([keys[index], keys[101 + index]]);
    }
    view.release();
  });

  it('forgets everything when it is cleared', async () => {
    await store.apply(
      effects(0, [change('a', '1', 0)], { transactions: new Map([['id', at(0)]]) }),
    );
    await store.clear();
    expect(store.savepoint.height).toBe(0);
    expect(store.position('id')).toBeUndefined();
    expect(await contentNow()).toEqual([]);
    await store.apply(effects(0, [change('b', '1', 0)]));
    expect(await contentNow()).toEqual([['b', '1']]);
  });

  it('has the hash of its content', async () => {
    const hashNow = async (): Promise<string> => {
      const view = store.view();
      const { hash } = await stateHashOf(view);
      view.release();
      return hash;
    };
    await store.apply(effects(0, [change('a', '1', 0), change('b', '2', 0)]));
    const before = await hashNow();
    const twin = new MemoryStore();
    await twin.apply(effects(0, [change('b', '2', 0), change('a', '1', 0)]));
    expect((await stateHashOf(twin.view())).hash).toBe(before);
    await store.apply(effects(1, [change('a', '1', 1)]));
    expect(await hashNow()).not.toBe(before);
  });

  it('is, at every height that somebody looks at, what a plain map is', async () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd\u{1f600}', 'd\uffee');
    const block = fc.record({
      changes: fc.uniqueArray(
        fc.tuple(keys, fc.option(fc.string({ maxLength: 2 }), { nil: undefined })),
        { selector: ([key]) => key },
      ),
      look: fc.boolean(),
      release: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 12 }), async (blocks) => {
        await store.clear();
        const model = new Map<string, string>();
        const open: { view: StateView; expected: [string, string][] }[] = [];
        for (const [number, { changes, look, release }] of blocks.entries()) {
          await store.apply(
            effects(
              number,
              changes.map(([key, value]) => change(key, value, number)),
            ),
          );
          for (const [key, value] of changes) {
            if (value === undefined) {
              model.delete(key);
            } else {
              model.set(key, value);
            }
          }
          if (look) {
            const expected = [...model].sort(([left], [right]) => compareKeys(left, right));
            open.push({ view: store.view(), expected });
          }
          if (release) {
            open.shift()?.view.release();
          }
          for (const { view, expected } of open) {
            expect(await contentOf(view)).toEqual(expected);
          }
        }
        open.forEach(({ view }) => {
          view.release();
        });
      }),
      { numRuns: 40 },
    );
  });
});
