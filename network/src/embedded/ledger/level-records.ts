/**
 * Keys and values of a ledger's database. A first octet tells the tables apart; keys of the world state sort by namespace and
 * then by UTF-8 bytes, history by key, block and transaction. Numbers are big-endian uint32, as in a block file. A checksum stands
 * before every value, because LevelDB does not look at its own ones when it reads.
 */
import { crc32 } from 'node:zlib';

import type { Position } from './history.ts';
import type { StateEntry } from './state.ts';
import { EMPTY_SAVEPOINT, type Savepoint } from './store.ts';

/** Changes whenever anything in this file does: a database of another format is rebuilt. */
export const FORMAT = Buffer.from('lamplighter.ledger.2');
export const FORMAT_KEY = Buffer.from('f');
export const SAVEPOINT_KEY = Buffer.from('m');
/** Bounds of the whole world state. */
export const STATE_RANGE = { gte: Buffer.from('s'), lt: Buffer.from('t') } as const;
const POSITION_BYTES = 8;
const NUMBER_BYTES = 4;

const CHECKSUM_BYTES = 4;

/** A record does not hold what was written. */
export class DamagedRecordError extends Error {
  constructor(key: Buffer) {
    super(`the record of ${JSON.stringify(key.toString('latin1').slice(0, 80))} is damaged`);
    this.name = DamagedRecordError.name;
  }
}

/** @returns the value with a checksum (CRC-32) over its key and itself before it. */
export function sealRecord(key: Buffer, value: Buffer): Buffer {
  return Buffer.concat([uint32(crc32(value, crc32(key))), value]);
}

/** @throws {@link DamagedRecordError} */
export function openRecord(key: Buffer, record: Buffer): Buffer {
  const value = record.subarray(CHECKSUM_BYTES);
  if (record.length < CHECKSUM_BYTES || record.readUInt32BE() !== crc32(value, crc32(key))) {
    throw new DamagedRecordError(key);
  }
  return value;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A namespace never holds a NUL, so no namespace is the prefix of another. */
export function stateKey(namespace: string, key: string): Buffer {
  return Buffer.from(`s${namespace}\0${key}`);
}

/** Above every key of the namespace. */
export function stateEnd(namespace: string): Buffer {
  return Buffer.from(`s${namespace}\x01`);
}

/** @returns the namespace and key of a state key. */
export function readStateKey(bytes: Buffer): { readonly namespace: string; readonly key: string } {
  const end = bytes.indexOf(0);
  return { namespace: bytes.toString('utf8', 1, end), key: bytes.toString('utf8', end + 1) };
}

/** What all history of one key begins with: the key's length keeps it apart from keys that begin with it. */
export function historyPrefix(namespace: string, key: string): Buffer {
  const name = Buffer.from(key);
  return Buffer.concat([Buffer.from(`h${namespace}\0`), uint32(name.length), name]);
}

export function historyKey(namespace: string, key: string, position: Position): Buffer {
  return Buffer.concat([historyPrefix(namespace, key), encodePosition(position)]);
}

/** The bound below which only blocks under a height are. */
export function historyBound(prefix: Buffer, height: number): Buffer {
  return Buffer.concat([prefix, uint32(height)]);
}

export function transactionKey(transactionId: string): Buffer {
  return Buffer.from(`t${transactionId}`);
}

export function blockKey(hash: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('b'), hash]);
}

export function encodePosition({ blockNumber, transactionNumber }: Position): Buffer {
  const bytes = Buffer.allocUnsafe(POSITION_BYTES);
  bytes.writeUInt32BE(blockNumber);
  bytes.writeUInt32BE(transactionNumber, NUMBER_BYTES);
  return bytes;
}

/** Reads a position from the end of a key or value. */
export function decodePosition(bytes: Buffer): Position {
  const start = bytes.length - POSITION_BYTES;
  return {
    blockNumber: bytes.readUInt32BE(start),
    transactionNumber: bytes.readUInt32BE(start + NUMBER_BYTES),
  };
}

/** Version, number of metadata entries, each with name and value and their lengths, then the value itself. */
export function encodeEntry({ value, metadata, version }: StateEntry): Buffer {
  const parts: Uint8Array[] = [encodePosition(version), uint32(metadata.size)];
  for (const [name, content] of metadata) {
    const nameBytes = Buffer.from(name);
    parts.push(uint32(nameBytes.length), nameBytes, uint32(content.length), content);
  }
  return Buffer.concat([...parts, value]);
}

export function decodeEntry(bytes: Buffer): StateEntry {
  const version = decodePosition(bytes.subarray(0, POSITION_BYTES));
  let offset = POSITION_BYTES;
  const take = (): Buffer => {
    const start = offset + NUMBER_BYTES;
    offset = start + bytes.readUInt32BE(offset);
    return bytes.subarray(start, offset);
  };
  const count = bytes.readUInt32BE(offset);
  offset += NUMBER_BYTES;
  const metadata = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index++) {
    metadata.set(take().toString(), take());
  }
  return { value: bytes.subarray(offset), metadata, version };
}

export function encodeNumber(value: number): Buffer {
  return uint32(value);
}

export function decodeNumber(bytes: Buffer): number {
  return bytes.readUInt32BE();
}

/** Height, valid and invalid as doubles, then commit hash with its length, then block hash. */
export function encodeSavepoint(savepoint: Savepoint): Buffer {
  const numbers = Buffer.alloc(24);
  numbers.writeDoubleBE(savepoint.height);
  numbers.writeDoubleBE(savepoint.valid, 8);
  numbers.writeDoubleBE(savepoint.invalid, 16);
  const length = uint32(savepoint.commitHash.length);
  return Buffer.concat([numbers, length, savepoint.commitHash, savepoint.hash]);
}

export function decodeSavepoint(bytes: Buffer | undefined): Savepoint {
  if (!bytes) {
    return EMPTY_SAVEPOINT;
  }
  const end = 28 + bytes.readUInt32BE(24);
  return {
    height: bytes.readDoubleBE(),
    valid: bytes.readDoubleBE(8),
    invalid: bytes.readDoubleBE(16),
    commitHash: bytes.subarray(28, end),
    hash: bytes.subarray(end),
  };
}
