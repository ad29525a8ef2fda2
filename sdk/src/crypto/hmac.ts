/**
 * HMAC (RFC 2104) and the two steps of HKDF (RFC 5869) over any hash of the catalogue: LSH has no kept library, so that the
 * library's own HMAC can not be had for all.
 */
import { concatBytes, erase } from '../wire/bytes.ts';
import type { Hash } from './primitives.ts';

const INNER = 0x36;
const OUTER = 0x5c;
/** RFC 5869 §2.3: the counter is one byte. */
const BLOCKS_MOST = 255;

/** HMAC(key, message). */
export function hmac(hash: Hash, key: Uint8Array, message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(hash.blockBytes);
  padded.set(key.length > hash.blockBytes ? hash(key) : key);
  const inner = padded.map((byte) => byte ^ INNER);
  const outer = padded.map((byte) => byte ^ OUTER);
  const mac = hash
    .create()
    .update(outer)
    .update(hash.create().update(inner).update(message).digest())
    .digest();
  erase(padded, inner, outer);
  return mac;
}

/**
 * HKDF-Expand(key, info, length).
 *
 * @throws {@link RangeError} above 255 blocks of the hash
 */
export function hkdfExpand(
  hash: Hash,
  key: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  if (length > BLOCKS_MOST * hash.digestBytes) {
    throw new RangeError(`expected at most ${BLOCKS_MOST * hash.digestBytes} bytes, got ${length}`);
  }
  const output = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let from = 0, counter = 1; from < length; from += hash.digestBytes, counter += 1) {
    block = hmac(hash, key, concatBytes(block, info, Uint8Array.of(counter)));
    output.set(block.subarray(0, length - from), from);
  }
  return output;
}
