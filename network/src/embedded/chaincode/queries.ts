/**
 * Open range and history queries of one execution. Records go to the chaincode in batches of 100; the iterator is read one record
 * beyond a batch, because the shim must know whether more follows, and that record counts as read (Fabric,
 * query_response_generator). A page is handed out whole, with a bookmark.
 */
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** Where records come from: already serialised for the chaincode. */
export interface RecordSource {
  next(): Promise<Uint8Array | undefined>;
}

interface OpenQuery {
  readonly source: RecordSource;
  /** A record that was read ahead. */
  pending: Uint8Array | undefined;
  total: number;
}

function toResponse(
  id: string,
  records: readonly Uint8Array[],
  hasMore: boolean,
): peer.QueryResponse {
  const response = new peer.QueryResponse();
  response.setId(id);
  response.setHasMore(hasMore);
  response.setResultsList(
    records.map((record) => {
      const result = new peer.QueryResultBytes();
      result.setResultbytes(record);
      return result;
    }),
  );
  return response;
}

export class Queries {
  readonly #open = new Map<string, OpenQuery>();
  #count = 0;

  /** Starts a query and returns its first batch. */
  async start(source: RecordSource): Promise<Uint8Array> {
    if (this.#open.size >= LIMITS.openQueries) {
      throw new EmbeddedError(
        'BUSY',
        `expected up to ${LIMITS.openQueries} open queries in a transaction; close some`,
      );
    }
    const id = this.#newId();
    this.#open.set(id, { source, pending: undefined, total: 0 });
    return this.next(id);
  }

  /** @returns the next batch, serialised peer.QueryResponse. */
  async next(id: string): Promise<Uint8Array> {
    const query = this.#open.get(id);
    if (!query) {
      throw new EmbeddedError('NOT_FOUND', 'query iterator not found');
    }
    const batch: Uint8Array[] = query.pending ? [query.pending] : [];
    query.pending = undefined;
    while (query.total < LIMITS.queryTotal) {
      const record = await query.source.next();
      if (!record) {
        break;
      }
      query.total++;
      if (batch.length === LIMITS.queryBatch) {
        query.pending = record;
        return toResponse(id, batch, true).serializeBinary();
      }
      batch.push(record);
    }
    this.#open.delete(id);
    return toResponse(id, batch, false).serializeBinary();
  }

  /** Hands out one page. @param bookmark - asked after the page was read. */
  async page(
    source: RecordSource,
    size: number,
    bookmark: () => Promise<string>,
  ): Promise<Uint8Array> {
    const records: Uint8Array[] = [];
    while (records.length < size) {
      const record = await source.next();
      if (!record) {
        break;
      }
      records.push(record);
    }
    const metadata = new peer.QueryResponseMetadata();
    metadata.setFetchedRecordsCount(records.length);
    metadata.setBookmark(await bookmark());
    const response = toResponse(this.#newId(), records, false);
    response.setMetadata(metadata.serializeBinary());
    return response.serializeBinary();
  }

  close(id: string): Uint8Array {
    this.#open.delete(id);
    return toResponse(id, [], false).serializeBinary();
  }

  #newId(): string {
    this.#count++;
    return String(this.#count);
  }
}
