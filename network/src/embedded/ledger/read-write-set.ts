/**
 * Read-write sets as plain data and as Fabric's bytes (ledger/rwset, ledger/rwset/kvrwset). Encoding follows the order that a
 * real peer uses: namespaces and keys sorted by UTF-8 bytes, no namespace without content.
 */
import { ledger } from '@hyperledger/fabric-protos';

import { decode } from '../wire/messages.ts';
import type { RangeReads } from './range-reads.ts';
import type { Version } from './state.ts';

const { kvrwset } = ledger.rwset;

export interface KeyRead {
  readonly key: string;
  /** Undefined when the key did not exist. */
  readonly version: Version | undefined;
}

/** One range query, as far as it was walked. */
export interface RangeQuery {
  readonly startKey: string;
  /** Exclusive end of the query when exhausted, else the last key that was handed out (inclusive). */
  readonly endKey: string;
  readonly exhausted: boolean;
  readonly reads: RangeReads;
}

export interface KeyWrite {
  readonly key: string;
  /** Undefined deletes the key; so does an empty value, which is never here. */
  readonly value: Uint8Array | undefined;
}

export interface MetadataWrite {
  readonly key: string;
  /** Empty removes the metadata. */
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

export interface NamespaceSet {
  readonly namespace: string;
  readonly reads: readonly KeyRead[];
  readonly rangeQueries: readonly RangeQuery[];
  readonly writes: readonly KeyWrite[];
  readonly metadataWrites: readonly MetadataWrite[];
  /** Private collections named; this network has none, so validators refuse them. */
  readonly collections: number;
}

/** @returns what a write of these bytes leaves: an empty value deletes the key, as in Fabric. */
export function writtenValue(value: Uint8Array | undefined): Uint8Array | undefined {
  return value && value.length > 0 ? value : undefined;
}

/** @returns kvrwset.Version, or undefined for a key that did not exist. */
export function encodeVersion(
  version: Version | undefined,
): ledger.rwset.kvrwset.Version | undefined {
  if (!version) {
    return undefined;
  }
  const message = new kvrwset.Version();
  message.setBlockNum(version.blockNumber);
  message.setTxNum(version.transactionNumber);
  return message;
}

export function encodeRead(read: KeyRead): ledger.rwset.kvrwset.KVRead {
  const message = new kvrwset.KVRead();
  message.setKey(read.key);
  message.setVersion(encodeVersion(read.version));
  return message;
}

function encodeRangeQuery(query: RangeQuery): ledger.rwset.kvrwset.RangeQueryInfo {
  const message = new kvrwset.RangeQueryInfo();
  message.setStartKey(query.startKey);
  message.setEndKey(query.endKey);
  message.setItrExhausted(query.exhausted);
  if (query.reads.kind === 'merkle') {
    const summary = new kvrwset.QueryReadsMerkleSummary();
    summary.setMaxDegree(query.reads.maxDegree);
    summary.setMaxLevel(query.reads.maxLevel);
    summary.setMaxLevelHashesList([...query.reads.hashes]);
    message.setReadsMerkleHashes(summary);
  } else if (query.reads.reads.length > 0) {
    const raw = new kvrwset.QueryReads();
    raw.setKvReadsList(query.reads.reads.map(encodeRead));
    message.setRawReads(raw);
  }
  return message;
}

function encodeWrite(write: KeyWrite): ledger.rwset.kvrwset.KVWrite {
  const message = new kvrwset.KVWrite();
  message.setKey(write.key);
  if (write.value === undefined) {
    message.setIsDelete(true);
  } else {
    message.setValue(write.value);
  }
  return message;
}

function encodeMetadataWrite(write: MetadataWrite): ledger.rwset.kvrwset.KVMetadataWrite {
  const message = new kvrwset.KVMetadataWrite();
  message.setKey(write.key);
  for (const [name, value] of write.entries) {
    const entry = new kvrwset.KVMetadataEntry();
    entry.setName(name);
    entry.setValue(value);
    message.addEntries(entry);
  }
  return message;
}

/** @returns serialised rwset.TxReadWriteSet; the caller has sorted everything. */
export function encodeReadWriteSet(namespaces: readonly NamespaceSet[]): Uint8Array {
  const message = new ledger.rwset.TxReadWriteSet();
  message.setDataModel(ledger.rwset.TxReadWriteSet.DataModel.KV);
  for (const set of namespaces) {
    const content = new kvrwset.KVRWSet();
    content.setReadsList(set.reads.map(encodeRead));
    content.setRangeQueriesInfoList(set.rangeQueries.map(encodeRangeQuery));
    content.setWritesList(set.writes.map(encodeWrite));
    content.setMetadataWritesList(set.metadataWrites.map(encodeMetadataWrite));
    const namespace = new ledger.rwset.NsReadWriteSet();
    namespace.setNamespace(set.namespace);
    namespace.setRwset(content.serializeBinary());
    message.addNsRwset(namespace);
  }
  return message.serializeBinary();
}

function decodeVersion(message: ledger.rwset.kvrwset.Version | undefined): Version | undefined {
  return message
    ? { blockNumber: message.getBlockNum(), transactionNumber: message.getTxNum() }
    : undefined;
}

function decodeRead(message: ledger.rwset.kvrwset.KVRead): KeyRead {
  return { key: message.getKey(), version: decodeVersion(message.getVersion()) };
}

function decodeRangeQuery(message: ledger.rwset.kvrwset.RangeQueryInfo): RangeQuery {
  const summary = message.getReadsMerkleHashes();
  return {
    startKey: message.getStartKey(),
    endKey: message.getEndKey(),
    exhausted: message.getItrExhausted(),
    reads: summary
      ? {
          kind: 'merkle',
          maxDegree: summary.getMaxDegree(),
          maxLevel: summary.getMaxLevel(),
          hashes: summary.getMaxLevelHashesList_asU8(),
        }
      : { kind: 'raw', reads: (message.getRawReads()?.getKvReadsList() ?? []).map(decodeRead) },
  };
}

/** Copies values: a view would keep the whole block in memory for as long as the value lives. */
function decodeNamespace(message: ledger.rwset.NsReadWriteSet): NamespaceSet {
  const content = decode(kvrwset.KVRWSet, message.getRwset_asU8(), 'KVRWSet');
  return {
    namespace: message.getNamespace(),
    reads: content.getReadsList().map(decodeRead),
    rangeQueries: content.getRangeQueriesInfoList().map(decodeRangeQuery),
    writes: content.getWritesList().map((write) => ({
      key: write.getKey(),
      value: write.getIsDelete() ? undefined : writtenValue(write.getValue_asU8().slice()),
    })),
    metadataWrites: content.getMetadataWritesList().map((write) => ({
      key: write.getKey(),
      entries: new Map(
        write.getEntriesList().map((entry) => [entry.getName(), entry.getValue_asU8().slice()]),
      ),
    })),
    collections: message.getCollectionHashedRwsetList().length,
  };
}

/** @throws EmbeddedError MESSAGE_MALFORMED */
export function decodeReadWriteSet(bytes: Uint8Array): readonly NamespaceSet[] {
  const message = decode(ledger.rwset.TxReadWriteSet, bytes, 'TxReadWriteSet');
  return message.getNsRwsetList().map(decodeNamespace);
}
