/**
 * One record of a block file: a header of 20 bytes (magic, block number, length, checksum of the block, checksum of the header;
 * all big-endian uint32, CRC-32 of ISO 3309) and the serialised block. The header has a checksum of its own, so that a damaged
 * length is never mistaken for a torn tail.
 */
import { crc32 } from 'node:zlib';

import { LIMITS } from '../limits.ts';

export const RECORD_HEADER_BYTES = 20;
const MAGIC = 0x4c424c4b;

export interface RecordHeader {
  readonly number: number;
  /** Bytes of the block that follows. */
  readonly length: number;
  readonly checksum: number;
}

/** @returns the whole record for a serialised block. */
export function encodeRecord(number: number, block: Uint8Array): Buffer {
  if (block.length > LIMITS.blockBytes) {
    throw new RangeError(`"block" expected up to ${LIMITS.blockBytes} bytes, got ${block.length}`);
  }
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(number, 4);
  header.writeUInt32BE(block.length, 8);
  header.writeUInt32BE(crc32(block), 12);
  header.writeUInt32BE(crc32(header.subarray(0, 16)), 16);
  return Buffer.concat([header, block]);
}

/** @returns the header, or undefined when its checksum, magic or length is wrong. */
export function decodeRecordHeader(bytes: Buffer): RecordHeader | undefined {
  const intact =
    bytes.length >= RECORD_HEADER_BYTES &&
    bytes.readUInt32BE(0) === MAGIC &&
    bytes.readUInt32BE(16) === crc32(bytes.subarray(0, 16));
  if (!intact) {
    return undefined;
  }
  const length = bytes.readUInt32BE(8);
  return length > LIMITS.blockBytes
    ? undefined
    : { number: bytes.readUInt32BE(4), length, checksum: bytes.readUInt32BE(12) };
}

/** @returns whether these are the bytes that the header was written for. */
export function isIntact(header: RecordHeader, block: Uint8Array): boolean {
  return block.length === header.length && crc32(block) === header.checksum;
}
