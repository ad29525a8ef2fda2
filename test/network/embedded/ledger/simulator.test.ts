import { ledger } from '@hyperledger/fabric-protos';

import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import { decodeReadWriteSet } from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { Simulator } from '../../../../network/src/embedded/ledger/simulator.ts';
import { coded } from '../../coded.ts';
import { change, NAMESPACE } from './states.ts';

const VERSION = { blockNumber: 0, transactionNumber: 0 };

async function newSimulator(...keys: string[]): Promise<Simulator> {
  const state = new MemoryState();
  await state.apply(
    0,
    keys.map((key) => change(key, key, 0)),
  );
  return new Simulator(state.view());
}

describe('Simulator', () => {
  it('notes reads and writes, sorted by namespace and key', async () => {
    const simulator = await newSimulator('a');
    simulator.write('zebra', 'k', undefined);
    simulator.write(NAMESPACE, 'c\u{1f600}', Buffer.from('3'));
    simulator.write(NAMESPACE, 'c\uffee', Buffer.from('2'));
    await simulator.read(NAMESPACE, 'b');
    await simulator.read(NAMESPACE, 'a');
    await simulator.peek(NAMESPACE, 'unnoted');
    const sets = decodeReadWriteSet(simulator.results());
    expect(sets.map(({ namespace }) => namespace)).toEqual([NAMESPACE, 'zebra']);
    expect(sets[0]?.reads).toEqual([
      { key: 'a', version: VERSION },
      { key: 'b', version: undefined },
    ]);
    expect(sets[0]?.writes.map(({ key }) => key)).toEqual(['c\uffee', 'c\u{1f600}']);
    expect(sets[1]?.writes).toEqual([{ key: 'k', value: undefined }]);
  });

  it('keeps the last write of a key and reads the committed value', async () => {
    const simulator = await newSimulator('a');
    simulator.write(NAMESPACE, 'a', Buffer.from('1'));
    simulator.write(NAMESPACE, 'a', undefined);
    expect(Buffer.from((await simulator.read(NAMESPACE, 'a'))!.value).toString()).toBe('a');
    expect(decodeReadWriteSet(simulator.results())[0]?.writes).toEqual([
      { key: 'a', value: undefined },
    ]);
  });

  it('notes a write of nothing as a deletion', async () => {
    const simulator = await newSimulator('a');
    simulator.write(NAMESPACE, 'a', Buffer.alloc(0));
    const { rwset } = ledger;
    const [set] = rwset.TxReadWriteSet.deserializeBinary(simulator.results()).getNsRwsetList();
    const content = rwset.kvrwset.KVRWSet.deserializeBinary(set!.getRwset_asU8());
    expect(content.toObject().writesList).toEqual([{ key: 'a', isDelete: true, value: '' }]);
  });

  it('notes how far a range was walked', async () => {
    const simulator = await newSimulator('a', 'b', 'c');
    const left = simulator.walk(NAMESPACE, { startKey: 'a', endKey: 'z' });
    await left.next();
    const whole = simulator.walk(NAMESPACE, { startKey: 'b', endKey: '' });
    while (await whole.next()) {
      // To its end.
    }
    expect(await whole.next()).toBeUndefined();
    const [set] = decodeReadWriteSet(simulator.results());
    expect(set?.rangeQueries).toEqual([
      {
        startKey: 'a',
        endKey: 'a',
        exhausted: false,
        reads: { kind: 'raw', reads: [{ key: 'a', version: VERSION }] },
      },
      {
        startKey: 'b',
        endKey: '',
        exhausted: true,
        reads: {
          kind: 'raw',
          reads: [
            { key: 'b', version: VERSION },
            { key: 'c', version: VERSION },
          ],
        },
      },
    ]);
    expect(set?.reads).toEqual([]);
  });

  it('notes the same walk once', async () => {
    const simulator = await newSimulator('a');
    for (let round = 0; round < 2; round++) {
      await simulator.walk(NAMESPACE, { startKey: 'a', endKey: 'z' }).next();
    }
    expect(decodeReadWriteSet(simulator.results())[0]?.rangeQueries).toHaveLength(1);
  });

  it('ends a page at its limit and gives a bookmark', async () => {
    const simulator = await newSimulator('a', 'b', 'c');
    const page = simulator.walk(NAMESPACE, { startKey: 'a', endKey: 'z', limit: 2 });
    expect((await page.next())?.key).toBe('a');
    expect((await page.next())?.key).toBe('b');
    expect(await page.bookmark()).toBe('c');
    const [set] = decodeReadWriteSet(simulator.results());
    expect(set?.rangeQueries[0]).toMatchObject({ endKey: 'b', exhausted: false });
  });

  it('allows pages in read-only transactions only', async () => {
    const bounds = { startKey: 'a', endKey: 'z', limit: 2 };
    const writing = await newSimulator();
    writing.write(NAMESPACE, 'a', Buffer.from('1'));
    expect(() => writing.walk(NAMESPACE, bounds)).toThrow(coded('NOT_SERVED'));
    const paging = await newSimulator();
    paging.walk(NAMESPACE, bounds);
    expect(() => {
      paging.write(NAMESPACE, 'a', undefined);
    }).toThrow(coded('NOT_SERVED'));
    expect(() => {
      paging.writeMetadata(NAMESPACE, 'a', new Map());
    }).toThrow(coded('NOT_SERVED'));
  });
});
