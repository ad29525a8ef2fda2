import { peer } from '@hyperledger/fabric-protos';

import { Queries, type RecordSource } from '../../../../network/src/embedded/chaincode/queries.ts';

function source(count: number): RecordSource & { readonly read: number } {
  let read = 0;
  return {
    get read() {
      return read;
    },
    next: () => Promise.resolve(read < count ? Buffer.from(String(read++)) : undefined),
  };
}

const parse = (bytes: Uint8Array): peer.QueryResponse.AsObject =>
  peer.QueryResponse.deserializeBinary(bytes).toObject();

describe('Queries', () => {
  it('hands out batches of 100 and reads one record ahead', async () => {
    const queries = new Queries();
    const records = source(201);
    const first = parse(await queries.start(records));
    expect([first.resultsList.length, first.hasMore, records.read]).toEqual([100, true, 101]);
    const second = parse(await queries.next(first.id));
    expect([second.resultsList.length, second.hasMore, records.read]).toEqual([100, true, 201]);
    const third = parse(await queries.next(first.id));
    expect([third.resultsList.length, third.hasMore]).toEqual([1, false]);
    await expect(queries.next(first.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([0, 1, 100])('never promises more than there is, of %i', async (count) => {
    const answer = parse(await new Queries().start(source(count)));
    expect([answer.resultsList.length, answer.hasMore]).toEqual([count, false]);
  });

  it('hands out pages with a bookmark and a count', async () => {
    const answer = parse(await new Queries().page(source(10), 4, () => Promise.resolve('next')));
    expect(answer.resultsList).toHaveLength(4);
    const metadata = peer.QueryResponseMetadata.deserializeBinary(
      Buffer.from(answer.metadata as string, 'base64'),
    );
    expect(metadata.toObject()).toEqual({ fetchedRecordsCount: 4, bookmark: 'next' });
  });

  it('keeps a bounded number of queries open', async () => {
    const queries = new Queries();
    const opened: string[] = [];
    for (let count = 0; count < 64; count++) {
      opened.push(parse(await queries.start(source(200))).id);
    }
    await expect(queries.start(source(1))).rejects.toMatchObject({ code: 'BUSY' });
    queries.close(opened[0]!);
    expect(parse(await queries.start(source(1))).hasMore).toBe(false);
  });

  it('ends a query after 100,000 records', async () => {
    const queries = new Queries();
    let answer = parse(await queries.start(source(200_000)));
    let count = answer.resultsList.length;
    while (answer.hasMore) {
      answer = parse(await queries.next(answer.id));
      count += answer.resultsList.length;
    }
    expect(count).toBe(100_000);
  });
});
