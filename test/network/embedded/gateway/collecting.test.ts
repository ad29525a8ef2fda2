import { EmbeddedError } from '../../../../network/src/embedded/errors.ts';
import {
  Collection,
  type CollectionOptions,
} from '../../../../network/src/embedded/gateway/collecting.ts';
import type { EndorsementLayouts } from '../../../../network/src/embedded/discovery/layouts.ts';
import { endorsement, newNeighbour, response, type FakeNeighbour } from '../neighbours.ts';

const OPTIONS: CollectionOptions = {
  signed: Buffer.from('proposal'),
  height: 7,
  signal: new AbortController().signal,
};
const good = (mspId: string): FakeNeighbour =>
  newNeighbour(mspId, () => endorsement('same', mspId));
const failing = (mspId: string, message: string): FakeNeighbour =>
  newNeighbour(mspId, () => response(500, message));

function layouts(
  groups: Readonly<Record<string, readonly FakeNeighbour[]>>,
  ...sets: readonly Readonly<Record<string, number>>[]
): EndorsementLayouts {
  return {
    groups: new Map(Object.entries(groups)),
    layouts: sets.map((set) => new Map(Object.entries(set))),
  };
}

const names = (endorsed: Awaited<ReturnType<Collection['collect']>>): readonly string[] =>
  (endorsed?.endorsements ?? []).map((one) => Buffer.from(one.getEndorser_asU8()).toString());

describe('Collection', () => {
  it('asks the peers of the first layout only', async () => {
    const [a, b, c] = [good('A'), good('B'), good('C')];
    const plan = layouts({ A: [a], B: [b], C: [c] }, { A: 1, B: 1 }, { A: 1, C: 1 });
    const endorsed = await new Collection(OPTIONS, plan).collect();
    expect(names(endorsed)).toEqual(['A', 'B']);
    expect(Buffer.from(endorsed!.responsePayload).toString()).toBe('same');
    expect(c.asked).not.toHaveBeenCalled();
  });

  it('goes on to the next layout, and asks nobody twice', async () => {
    const [a, b, c] = [good('A'), failing('B', 'broken'), good('C')];
    const plan = layouts({ A: [a], B: [b], C: [c] }, { A: 1, B: 1 }, { A: 1, C: 1 });
    const collection = new Collection(OPTIONS, plan);
    expect(names(await collection.collect())).toEqual(['A', 'C']);
    expect(a.asked).toHaveBeenCalledTimes(1);
    expect(collection.details).toEqual([{ address: 'B:7051', mspId: 'B', message: 'broken' }]);
  });

  it('asks another peer of the organisation in place of one that fails', async () => {
    const [broken, spare] = [failing('A', 'broken'), good('A')];
    const plan = layouts({ A: [broken, spare] }, { A: 1 });
    expect(names(await new Collection(OPTIONS, plan).collect())).toEqual(['A']);
  });

  it('counts an answer that was got before', async () => {
    const [a, b] = [good('A'), good('B')];
    const collection = new Collection(OPTIONS, layouts({ A: [a], B: [b] }, { A: 1, B: 1 }));
    expect(collection.take(a, endorsement('same', 'A'))).toBe(true);
    expect(names(await collection.collect())).toEqual(['A', 'B']);
    expect(a.asked).not.toHaveBeenCalled();
  });

  it('gives up on answers that do not match', async () => {
    const other = newNeighbour('B', () => endorsement('other', 'B'));
    const plan = layouts({ A: [good('A')], B: [other] }, { A: 1, B: 1 });
    const collection = new Collection(OPTIONS, plan);
    collection.take(good('A'), endorsement('same', 'A'));
    await expect(collection.collect()).resolves.toBeUndefined();
    expect(collection.details).toEqual([
      { address: 'B:7051', mspId: 'B', message: 'ProposalResponsePayloads do not match' },
    ]);
  });

  it('does not start a layout that asks for more peers than there are', async () => {
    const a = good('A');
    const plan = layouts({ A: [a] }, { A: 2 }, { A: 1, B: 1 });
    await expect(new Collection(OPTIONS, plan).collect()).resolves.toBeUndefined();
    expect(a.asked).not.toHaveBeenCalled();
  });

  it('tells what a peer that has stopped says', async () => {
    const stopped = newNeighbour('A', () => {
      throw new EmbeddedError('STORAGE_FAILED', 'the disk is full');
    });
    const collection = new Collection(OPTIONS, layouts({ A: [stopped] }, { A: 1 }));
    await expect(collection.collect()).resolves.toBeUndefined();
    expect(collection.details[0]?.message).toBe('the disk is full');
  });

  it('waits for a peer that is behind', async () => {
    const order: string[] = [];
    const behind = newNeighbour(
      'A',
      () => {
        order.push('asked');
        return endorsement('same', 'A');
      },
      {
        height: 5,
        reach: (number) => {
          order.push(`reached ${number}`);
          return Promise.resolve();
        },
      },
    );
    await new Collection(OPTIONS, layouts({ A: [behind] }, { A: 1 })).collect();
    expect(order).toEqual(['reached 6', 'asked']);
  });

  it('asks a peer that stays behind all the same', async () => {
    const reach = (): Promise<void> => Promise.reject(new Error('too slow'));
    const behind = newNeighbour('A', () => endorsement('same', 'A'), { height: 5, reach });
    const endorsed = await new Collection(OPTIONS, layouts({ A: [behind] }, { A: 1 })).collect();
    expect(names(endorsed)).toEqual(['A']);
  });

  it('asks nobody any more when the client has gone', async () => {
    const a = good('A');
    const signal = AbortSignal.abort(new EmbeddedError('CLOSED', 'the stream has ended'));
    const collection = new Collection({ ...OPTIONS, signal }, layouts({ A: [a] }, { A: 1 }));
    await expect(collection.collect()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(a.asked).not.toHaveBeenCalled();
  });
});
