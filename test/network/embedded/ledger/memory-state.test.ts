import fc from 'fast-check';

import { compareKeys } from '../../../../network/src/embedded/ledger/key-order.ts';
import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import type { StateView } from '../../../../network/src/embedded/ledger/state.ts';
import { change, contentOf, NAMESPACE } from './states.ts';

describe('MemoryState', () => {
  it('shows what was applied, in the order of keys', async () => {
    const state = new MemoryState();
    await state.apply(0, [change('b', '1', 0), change('a', '2', 0)]);
    const view = state.view();
    expect(view.height).toBe(1);
    expect(await contentOf(view)).toEqual([
      ['a', '2'],
      ['b', '1'],
    ]);
    expect(await contentOf(view, 'a', 'b')).toEqual([['a', '2']]);
    expect(await contentOf(view, 'b', 'a')).toEqual([]);
    expect((await view.get(NAMESPACE, 'a'))?.version).toEqual({
      blockNumber: 0,
      transactionNumber: 0,
    });
    expect(await view.get('other', 'a')).toBeUndefined();
    view.release();
  });

  it('takes blocks in order only', async () => {
    const state = new MemoryState();
    await expect(state.apply(1, [])).rejects.toThrow(RangeError);
  });

  it('shows a view the height it was taken at, until it is released', async () => {
    const state = new MemoryState();
    await state.apply(0, [change('kept', 'old', 0), change('gone', 'old', 0)]);
    const view = state.view();
    await state.apply(1, [
      change('kept', 'new', 1),
      change('gone', undefined, 1),
      change('more', 'new', 1),
    ]);
    await state.apply(2, [change('kept', 'newer', 2)]);
    expect(await contentOf(view)).toEqual([
      ['gone', 'old'],
      ['kept', 'old'],
    ]);
    const now = state.view();
    expect(await contentOf(now)).toEqual([
      ['kept', 'newer'],
      ['more', 'new'],
    ]);
    view.release();
    view.release();
    expect(await contentOf(now)).toHaveLength(2);
    now.release();
  });

  it('keeps the last of several changes of one block', async () => {
    const state = new MemoryState();
    await state.apply(0, [change('k', '0', 0)]);
    const view = state.view();
    await state.apply(1, [change('k', '1', 1), change('k', undefined, 1), change('k', '2', 1)]);
    expect(await contentOf(view)).toEqual([['k', '0']]);
    view.release();
    expect(await contentOf(state.view())).toEqual([['k', '2']]);
  });

  it('is, at every height that somebody looks at, what a plain map is', async () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd\u{1f600}', 'd\uffee');
    const block = fc.record({
      changes: fc.array(fc.tuple(keys, fc.option(fc.string({ maxLength: 2 }), { nil: undefined }))),
      look: fc.boolean(),
      release: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 12 }), async (blocks) => {
        const state = new MemoryState();
        const model = new Map<string, string>();
        const open: { view: StateView; expected: [string, string][] }[] = [];
        for (const [number, { changes, look, release }] of blocks.entries()) {
          await state.apply(
            number,
            changes.map(([key, value]) => change(key, value, number)),
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
            open.push({ view: state.view(), expected });
          }
          if (release) {
            open.shift()?.view.release();
          }
          for (const { view, expected } of open) {
            expect(await contentOf(view)).toEqual(expected);
          }
        }
      }),
    );
  });
});
