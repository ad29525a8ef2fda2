import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import type { NamespaceSet } from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { WriteSetMerger } from '../../../../network/src/embedded/ledger/write-set-merger.ts';
import { change, NAMESPACE } from './states.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const metadata = (value: string): ReadonlyMap<string, Uint8Array> =>
  new Map([['policy', Buffer.from(value)]]);

const at = (transactionNumber: number) => ({ blockNumber: 1, transactionNumber });

function set(changes: Partial<NamespaceSet>): NamespaceSet {
  return {
    namespace: NAMESPACE,
    reads: [],
    rangeQueries: [],
    writes: [],
    metadataWrites: [],
    collections: 0,
    ...changes,
  };
}

describe('WriteSetMerger', () => {
  async function merge(...sets: readonly NamespaceSet[]) {
    const state = new MemoryState();
    await state.apply(0, [change('a', 'old', 0)]);
    const merger = new WriteSetMerger(state.view());
    for (const [transactionNumber, one] of sets.entries()) {
      await merger.add(one, { blockNumber: 1, transactionNumber });
    }
    await state.apply(1, merger.changes());
    const entry = await state.view().get(NAMESPACE, 'a');
    return {
      value: entry && text(entry.value),
      policy: text(entry?.metadata.get('policy')),
      transaction: entry?.version.transactionNumber,
      missing: await state.view().get(NAMESPACE, 'b'),
    };
  }

  it('keeps metadata when the value changes, and the value when metadata changes', async () => {
    expect(
      await merge(
        set({ metadataWrites: [{ key: 'a', entries: metadata('p') }] }),
        set({ writes: [{ key: 'a', value: Buffer.from('new') }] }),
      ),
    ).toMatchObject({ value: 'new', policy: 'p', transaction: 1 });
    expect(
      await merge(set({ metadataWrites: [{ key: 'a', entries: metadata('p') }] })),
    ).toMatchObject({ value: 'old', policy: 'p', transaction: 0 });
  });

  it('takes both from one transaction', async () => {
    const both = set({
      writes: [{ key: 'a', value: Buffer.from('new') }],
      metadataWrites: [{ key: 'a', entries: metadata('p') }],
    });
    expect(await merge(both)).toMatchObject({ value: 'new', policy: 'p' });
  });

  it('ignores metadata of a key that does not exist', async () => {
    const merged = await merge(set({ metadataWrites: [{ key: 'b', entries: metadata('p') }] }));
    expect(merged.missing).toBeUndefined();
  });

  it('tells the version of every change, of deletions too, and the last one of a key only', async () => {
    const state = new MemoryState();
    const merger = new WriteSetMerger(state.view());
    const value = Buffer.from('x');
    await merger.add(set({ writes: [{ key: 'a', value }] }), at(0));
    await merger.add(
      set({
        writes: [
          { key: 'a', value: undefined },
          { key: 'b', value },
        ],
      }),
      at(3),
    );
    const found = merger.changes().map(({ key, entry, version }) => [key, !!entry, version]);
    expect(found).toEqual([
      ['a', false, at(3)],
      ['b', true, at(3)],
    ]);
  });

  it('forgets metadata with the key', async () => {
    expect(
      await merge(
        set({ metadataWrites: [{ key: 'a', entries: metadata('p') }] }),
        set({ writes: [{ key: 'a', value: undefined }] }),
        set({ writes: [{ key: 'a', value: Buffer.from('back') }] }),
      ),
    ).toMatchObject({ value: 'back', policy: '' });
  });
});
