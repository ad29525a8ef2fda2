import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import {
  decodeReadWriteSet,
  encodeReadWriteSet,
} from '../../../../network/src/embedded/ledger/read-write-set.ts';
import type { StateView } from '../../../../network/src/embedded/ledger/state.ts';
import type { ByzantineMode } from '../../../../network/src/embedded/byzantine-modes.ts';
import { Byzantine, type Execution } from '../../../../network/src/embedded/peer/byzantine.ts';
import {
  failure,
  success,
  type Simulation,
} from '../../../../network/src/embedded/peer/responses.ts';

const CHAINCODE = 'lamplighter';

/** @param value - undefined for a run that writes nothing */
function simulation(value?: string): Simulation {
  return {
    chaincode: CHAINCODE,
    version: '1',
    response: success(Buffer.from('payload')),
    event: new Uint8Array(),
    results: encodeReadWriteSet([
      {
        namespace: CHAINCODE,
        reads: [{ key: 'read', version: { blockNumber: 7, transactionNumber: 1 } }],
        rangeQueries: [],
        writes: value === undefined ? [] : [{ key: 'written', value: Buffer.from(value) }],
        metadataWrites: [],
        collections: 0,
      },
    ]),
  };
}

const readsOf = ({ results }: Simulation): unknown => decodeReadWriteSet(results)[0]!.reads;
const writtenBy = ({ results }: Simulation): string =>
  Buffer.from(decodeReadWriteSet(results)[0]!.writes[0]!.value!).toString();

describe('a byzantine peer', () => {
  const state = new MemoryState();
  const open = new Set<StateView>();
  const view = (): StateView => {
    const opened = state.view();
    const counted: StateView = Object.assign(Object.create(opened) as StateView, {
      release: () => open.delete(counted),
    });
    Object.defineProperty(counted, 'height', { value: opened.height });
    open.add(counted);
    return counted;
  };
  let blocks = 0;
  const grow = async (by: number): Promise<void> => {
    for (let index = 0; index < by; index++) {
      await state.apply(blocks, []);
      blocks += 1;
    }
  };
  const newPeer = (mode: ByzantineMode): Byzantine => new Byzantine('peer0.helios', mode, view);

  function execution(
    hash = 'one',
    creator = 'client',
    honest = simulation('honest'),
    runOn: Execution['runOn'] = () => Promise.reject(new Error('not to be run')),
  ): Execution {
    const proposal = { hash: Buffer.from(hash), creator: Buffer.from(creator) };
    return { proposal: proposal as unknown as Execution['proposal'], honest, runOn };
  }

  it.each<ByzantineMode>(['equivocate', 'diverge', 'refuse', 'stale'])(
    'is honest about queries and refusals (%s)',
    async (mode) => {
      const peer = newPeer(mode);
      const refusal = { ...simulation('x'), response: failure('NO') };
      for (const honest of [simulation(), refusal]) {
        expect(await peer.answer(execution('one', 'client', honest))).toBe(honest);
        expect(await peer.answer(execution('one', 'client', honest))).toBe(honest);
      }
    },
  );

  it('diverges in what it writes, always in the same way and alone', async () => {
    const lie = await newPeer('diverge').answer(execution());
    expect(writtenBy(lie)).toContain('peer0.helios');
    expect(readsOf(lie)).toEqual(readsOf(simulation('honest')));
    expect(await newPeer('diverge').answer(execution())).toEqual(lie);
    const other = await new Byzantine('peer0.meridian', 'diverge', view).answer(execution());
    expect(other).not.toEqual(lie);
  });

  it('equivocates when it is asked again, and to other clients at once', async () => {
    const peer = newPeer('equivocate');
    const answers = async (hash: string, client: string): Promise<boolean[]> => {
      const given = [];
      for (let times = 0; times < 3; times++) {
        given.push(writtenBy(await peer.answer(execution(hash, client))) === 'honest');
      }
      return given;
    };
    expect(await answers('one', 'first')).toEqual([true, false, true]);
    expect(await answers('two', 'second')).toEqual([false, true, false]);
    expect(await answers('three', 'first')).toEqual([true, false, true]);
  });

  it('refuses', () => {
    expect(() => newPeer('refuse').answer(execution())).toThrow('told to endorse nothing');
  });

  it('answers from a state some blocks old, and keeps few of them open', async () => {
    const peer = newPeer('stale');
    const heights: number[] = [];
    await grow(1);
    for (let round = 0; round < 50; round++) {
      await peer.answer(
        execution(String(round), 'client', simulation('honest'), (old) => {
          heights.push(blocks - old.height);
          expect(open.has(old)).toBe(true);
          return Promise.resolve(simulation('old'));
        }),
      );
      expect(open.size).toBeLessThanOrEqual(3);
      await grow(1);
    }
    expect(heights[0]).toBe(0);
    expect(Math.min(...heights.slice(10))).toBeGreaterThanOrEqual(10);
    expect(Math.max(...heights)).toBeLessThan(25);
    peer.close();
    expect(open.size).toBe(0);
  });
});
