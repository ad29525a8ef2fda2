import { peer } from '@hyperledger/fabric-protos';

import { ConflictCheck } from '../../../../network/src/embedded/ledger/conflicts.ts';
import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import {
  decodeReadWriteSet,
  type NamespaceSet,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';
import { Simulator } from '../../../../network/src/embedded/ledger/simulator.ts';
import { change, NAMESPACE } from './states.ts';

const { VALID, MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT } = peer.TxValidationCode;
type Run = (simulator: Simulator) => void | Promise<void>;

/** Simulates on one state, then judges in order, as transactions of one block. */
async function judge(keys: readonly string[], ...runs: readonly Run[]): Promise<number[]> {
  const state = new MemoryState();
  await state.apply(
    0,
    keys.map((key) => change(key, 'v', 0)),
  );
  const sets: (readonly NamespaceSet[])[] = [];
  for (const run of runs) {
    const simulator = new Simulator(state.view());
    await run(simulator);
    sets.push(decodeReadWriteSet(simulator.results()));
    simulator.release();
  }
  const view = state.view();
  const check = new ConflictCheck(view);
  const codes: number[] = [];
  for (const [index, set] of sets.entries()) {
    codes.push(await check.judge(set, 1, index));
  }
  view.release();
  return codes;
}

const put =
  (...keys: readonly string[]): Run =>
  (simulator) => {
    for (const key of keys) {
      simulator.write(NAMESPACE, key, Buffer.from('new'));
    }
  };
const remove =
  (key: string): Run =>
  (simulator) => {
    simulator.write(NAMESPACE, key, undefined);
  };
const get =
  (key: string): Run =>
  async (simulator) => {
    await simulator.read(NAMESPACE, key);
  };
const walk =
  (startKey: string, endKey: string, steps = Infinity): Run =>
  async (simulator) => {
    const range = simulator.walk(NAMESPACE, { startKey, endKey });
    for (let step = 0; step < steps && (await range.next()); step++) {
      // As far as asked.
    }
  };

describe('ConflictCheck', () => {
  it('accepts blind writes of one key', async () => {
    expect(await judge([], put('a'), put('a'), remove('a'))).toEqual([VALID, VALID, VALID]);
  });

  it.each([
    ['a changed key', put('a')],
    ['a deleted key', remove('a')],
    [
      'a key with new metadata',
      (simulator: Simulator): void => {
        simulator.writeMetadata(NAMESPACE, 'a', new Map([['x', Buffer.from('y')]]));
      },
    ],
  ])('refuses a read of %s', async (_, run) => {
    expect(await judge(['a'], run, get('a'))).toEqual([VALID, MVCC_READ_CONFLICT]);
  });

  it('refuses a read of a missing key that has come', async () => {
    expect(await judge([], put('a'), get('a'))).toEqual([VALID, MVCC_READ_CONFLICT]);
  });

  it('does not count what an invalid transaction would have written', async () => {
    const increment: Run = async (simulator) => {
      await simulator.read(NAMESPACE, 'a');
      simulator.write(NAMESPACE, 'b', Buffer.from('x'));
    };
    expect(await judge(['a'], put('a'), increment, get('b'))).toEqual([
      VALID,
      MVCC_READ_CONFLICT,
      VALID,
    ]);
  });

  it.each([
    ['a record more', put('b')],
    ['a changed record', put('c')],
    ['a record less', remove('a')],
  ])('refuses a walked range with %s', async (_, run) => {
    expect(await judge(['a', 'c'], run, walk('a', 'd'))).toEqual([VALID, PHANTOM_READ_CONFLICT]);
  });

  it('accepts changes outside of a range', async () => {
    expect(await judge(['b'], put('a', 'd'), walk('b', 'd'))).toEqual([VALID, VALID]);
  });

  it('accepts a new record that was deleted again', async () => {
    expect(await judge(['a'], put('b'), remove('b'), walk('a', 'c'))).toEqual([
      VALID,
      VALID,
      VALID,
    ]);
  });

  it('looks at a range that was left only as far as it was walked, the last key included', async () => {
    const keys = ['a', 'c', 'e'];
    expect(await judge(keys, put('d', 'e', 'f'), walk('a', 'z', 2))).toEqual([VALID, VALID]);
    expect(await judge(keys, put('c'), walk('a', 'z', 2))).toEqual([VALID, PHANTOM_READ_CONFLICT]);
    expect(await judge(keys, put('b'), walk('a', 'z', 2))).toEqual([VALID, PHANTOM_READ_CONFLICT]);
  });

  it('checks long ranges by their Merkle summary', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `k${String(index).padStart(3, '0')}`);
    expect(await judge(keys, walk('k', 'l'))).toEqual([VALID]);
    expect(await judge(keys, put('k100'), walk('k', 'l'))).toEqual([VALID, PHANTOM_READ_CONFLICT]);
    expect(await judge(keys, put('k1995'), walk('k', 'l'))).toEqual([VALID, PHANTOM_READ_CONFLICT]);
  });

  it('refuses a summary of a degree that cannot be', async () => {
    const state = new MemoryState();
    const reads = { kind: 'merkle' as const, maxDegree: 0, maxLevel: 1, hashes: [] };
    const query = { startKey: 'a', endKey: 'b', exhausted: true, reads };
    const set = {
      namespace: NAMESPACE,
      reads: [],
      rangeQueries: [query],
      writes: [],
      metadataWrites: [],
      collections: 0,
    };
    expect(await new ConflictCheck(state.view()).judge([set], 1, 0)).toBe(PHANTOM_READ_CONFLICT);
  });
});
