/**
 * What a chaincode may ask of its peer during one execution: state, ranges, history and key metadata in its own namespace, and other
 * chaincodes. What is left out (private data, rich queries) is refused with a sentence, which the shim throws in the contract.
 */
import { ledger, peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import type { Simulator } from '../ledger/simulator.ts';
import type { KeyedEntry } from '../ledger/state.ts';
import { LIMITS } from '../limits.ts';
import { decode } from '../wire/messages.ts';
import { CalleeRun, type CallChaincode } from './callee-run.ts';
import { Type, typeName } from './messages.ts';
import { Queries, type RecordSource } from './queries.ts';

const NOTHING = new Uint8Array();
const { queryresult } = ledger;

/** What an execution may touch. */
export interface ExecutionScope {
  readonly namespace: string;
  readonly simulator: Simulator;
  /** Serialised queryresult.KeyModification records of a key, newest first. */
  readonly history: (key: string) => RecordSource;
  /** Runs another chaincode in the same simulation. */
  readonly call: CallChaincode;
}

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [
    Type.GET_QUERY_RESULT,
    'rich queries need a document database, which this network has not; use key ranges',
  ],
  [Type.GET_PRIVATE_DATA_HASH, 'private data collections are not served by the embedded network'],
  [Type.PURGE_PRIVATE_DATA, 'private data collections are not served by the embedded network'],
]);

function assertPublic(collection: string): void {
  if (collection !== '') {
    throw new EmbeddedError(
      'NOT_SERVED',
      `private data collections are not served by the embedded network: ${JSON.stringify(collection)}`,
    );
  }
}

export class Operations {
  readonly #scope: ExecutionScope;
  readonly #queries = new Queries();
  readonly #callee: CalleeRun;

  constructor(scope: ExecutionScope) {
    this.#scope = scope;
    this.#callee = new CalleeRun(scope.call);
  }

  /** The execution is over: a chaincode that it called must not go on in its simulation. */
  abandon(): void {
    this.#callee.abandon();
  }

  /**
   * @param type - of the chaincode's message.
   * @returns the payload of the peer's RESPONSE.
   * @throws {@link EmbeddedError} whose text becomes the peer's ERROR.
   */
  perform(type: number, payload: Uint8Array): Promise<Uint8Array> {
    const refusal = REFUSALS.get(type);
    if (refusal !== undefined) {
      throw new EmbeddedError('NOT_SERVED', refusal);
    }
    return this.#isQuery(type) ? this.#query(type, payload) : this.#access(type, payload);
  }

  #isQuery(type: number): boolean {
    const queries: readonly number[] = [
      Type.GET_STATE_BY_RANGE,
      Type.GET_HISTORY_FOR_KEY,
      Type.QUERY_STATE_NEXT,
      Type.QUERY_STATE_CLOSE,
    ];
    return queries.includes(type);
  }

  async #access(type: number, payload: Uint8Array): Promise<Uint8Array> {
    switch (type) {
      case Type.GET_STATE:
        return this.#getState(decode(peer.GetState, payload, 'GetState'));
      case Type.PUT_STATE:
        return this.#putState(decode(peer.PutState, payload, 'PutState'));
      case Type.DEL_STATE:
        return this.#deleteState(decode(peer.DelState, payload, 'DelState'));
      case Type.GET_STATE_METADATA:
        return this.#getMetadata(decode(peer.GetStateMetadata, payload, 'GetStateMetadata'));
      case Type.INVOKE_CHAINCODE:
        return this.#callee.start(decode(peer.ChaincodeSpec, payload, 'ChaincodeSpec'));
      case Type.PUT_STATE_METADATA:
        return this.#putMetadata(decode(peer.PutStateMetadata, payload, 'PutStateMetadata'));
      default:
        throw new EmbeddedError(
          'NOT_SERVED',
          `${typeName(type)} is not served by the embedded network`,
        );
    }
  }

  async #query(type: number, payload: Uint8Array): Promise<Uint8Array> {
    switch (type) {
      case Type.GET_STATE_BY_RANGE:
        return this.#getRange(decode(peer.GetStateByRange, payload, 'GetStateByRange'));
      case Type.GET_HISTORY_FOR_KEY: {
        const { history } = this.#scope;
        const request = decode(peer.GetHistoryForKey, payload, 'GetHistoryForKey');
        return this.#queries.start(history(request.getKey()));
      }
      case Type.QUERY_STATE_NEXT:
        return this.#queries.next(decode(peer.QueryStateNext, payload, 'QueryStateNext').getId());
      default:
        return this.#queries.close(
          decode(peer.QueryStateClose, payload, 'QueryStateClose').getId(),
        );
    }
  }

  async #getState(request: peer.GetState): Promise<Uint8Array> {
    assertPublic(request.getCollection());
    const { simulator, namespace } = this.#scope;
    const entry = await simulator.read(namespace, request.getKey());
    return entry?.value ?? NOTHING;
  }

  #putState(request: peer.PutState): Uint8Array {
    assertPublic(request.getCollection());
    const { simulator, namespace } = this.#scope;
    simulator.write(namespace, request.getKey(), request.getValue_asU8().slice());
    return NOTHING;
  }

  #deleteState(request: peer.DelState): Uint8Array {
    assertPublic(request.getCollection());
    const { simulator, namespace } = this.#scope;
    simulator.write(namespace, request.getKey(), undefined);
    return NOTHING;
  }

  async #getMetadata(request: peer.GetStateMetadata): Promise<Uint8Array> {
    assertPublic(request.getCollection());
    const { simulator, namespace } = this.#scope;
    const entry = await simulator.read(namespace, request.getKey());
    const result = new peer.StateMetadataResult();
    for (const [name, value] of entry?.metadata ?? []) {
      const metadata = new peer.StateMetadata();
      metadata.setMetakey(name);
      metadata.setValue(value);
      result.addEntries(metadata);
    }
    return result.serializeBinary();
  }

  #putMetadata(request: peer.PutStateMetadata): Uint8Array {
    assertPublic(request.getCollection());
    const { simulator, namespace } = this.#scope;
    const metadata = request.getMetadata();
    const entries = metadata
      ? [[metadata.getMetakey(), metadata.getValue_asU8().slice()] as const]
      : [];
    simulator.writeMetadata(namespace, request.getKey(), new Map(entries));
    return NOTHING;
  }

  async #getRange(request: peer.GetStateByRange): Promise<Uint8Array> {
    assertPublic(request.getCollection());
    const { simulator, namespace } = this.#scope;
    const paging = decode(peer.QueryMetadata, request.getMetadata_asU8(), 'QueryMetadata');
    const [pageSize, bookmark] = [paging.getPagesize(), paging.getBookmark()];
    if (pageSize === 0 && bookmark === '') {
      const bounds = { startKey: request.getStartkey(), endKey: request.getEndkey() };
      const walk = simulator.walk(namespace, bounds);
      return this.#queries.start(toRecords(namespace, walk));
    }
    const limit = pageSize > 0 ? Math.min(pageSize, LIMITS.queryTotal) : LIMITS.queryTotal;
    const startKey = bookmark === '' ? request.getStartkey() : bookmark;
    const walk = simulator.walk(namespace, { startKey, endKey: request.getEndkey(), limit });
    return this.#queries.page(toRecords(namespace, walk), limit, () => walk.bookmark());
  }
}

function toRecords(
  namespace: string,
  walk: { next(): Promise<KeyedEntry | undefined> },
): RecordSource {
  return {
    next: async () => {
      const entry = await walk.next();
      if (!entry) {
        return undefined;
      }
      const record = new queryresult.KV();
      record.setNamespace(namespace);
      record.setKey(entry.key);
      record.setValue(entry.value);
      return record.serializeBinary();
    },
  };
}
