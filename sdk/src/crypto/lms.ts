/**
 * Verification of LMS signatures (RFC 8554 §4 and §5, NIST SP 800-208) with SHA-256, whole or cut to 192 bits. Everything here is
 * public; hashes and lengths are all there is to it. The signer is the management node's.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../wire/bytes.ts';
import { readBig32, writeBig32 } from './words.ts';

/** Bytes of I, which tells trees apart. */
export const LMS_ID_BYTES = 16;
/** What a hash is of (RFC 8554 §3.1.3), in the place of a chain's number. */
export const LMS_PURPOSE = { key: 0x8080, message: 0x8181, leaf: 0x8282, node: 0x8383 } as const;

/** A parameter set of tree and one-time signature (RFC 8554 tables 1 and 2, SP 800-208 §4). */
export interface LmsSet {
  readonly lmsType: number;
  readonly otsType: number;
  /** Bytes of a hash: n, and m. */
  readonly hashBytes: number;
  /** h: 2^h leaves. */
  readonly height: number;
  /** w: bits of a digit; a chain has 2^w - 1 steps. */
  readonly width: number;
  /** p: chains of a one-time signature. */
  readonly chains: number;
  /** ls: how far left the checksum stands in its 16 bits. */
  readonly shift: number;
}

const HEIGHTS = [5, 10, 15, 20, 25] as const;
const WIDTHS = [1, 2, 4, 8] as const;
const LMS_SHA256_M32_H5 = 5;
const LMS_SHA256_M24_H5 = 10;
const LMOTS_SHA256_N32_W1 = 1;
const LMOTS_SHA256_N24_W1 = 5;

/**
 * The set of two type codes.
 *
 * @returns undefined for codes that are not SHA-256's, or have hashes of two lengths
 */
export function lmsSet(lmsType: number, otsType: number): LmsSet | undefined {
  const isLong = lmsType < LMS_SHA256_M24_H5;
  const height = HEIGHTS[lmsType - (isLong ? LMS_SHA256_M32_H5 : LMS_SHA256_M24_H5)];
  const width = WIDTHS[otsType - (isLong ? LMOTS_SHA256_N32_W1 : LMOTS_SHA256_N24_W1)];
  if (height === undefined || width === undefined) return undefined;
  const hashBytes = isLong ? 32 : 24;
  // RFC 8554 appendix B: digits of the hash, and digits of the largest checksum.
  const digits = (8 * hashBytes) / width;
  const checksumBits = 32 - Math.clz32((2 ** width - 1) * digits);
  const checksumDigits = Math.ceil(checksumBits / width);
  return {
    lmsType,
    otsType,
    hashBytes,
    height,
    width,
    chains: digits + checksumDigits,
    shift: 16 - checksumDigits * width,
  };
}

/** Bytes of a public key: two codes, I, the root. */
export function lmsPublicKeyBytes(set: LmsSet): number {
  return 8 + LMS_ID_BYTES + set.hashBytes;
}

function otsSignatureBytes(set: LmsSet): number {
  return 4 + set.hashBytes * (set.chains + 1);
}

/** Bytes of a signature: leaf, one-time signature, code, path. */
export function lmsSignatureBytes(set: LmsSet): number {
  return 4 + otsSignatureBytes(set) + 4 + set.height * set.hashBytes;
}

/** RFC 8554 §4.4: the digits of a hash and its checksum, one a chain. */
export function lmsDigits(set: LmsSet, hash: Uint8Array): Uint8Array {
  const { width, shift, chains, hashBytes } = set;
  const most = 2 ** width - 1;
  const digit = (bytes: Uint8Array, index: number): number => {
    const bit = index * width;
    return ((bytes[bit >>> 3] as number) >>> (8 - width - (bit & 7))) & most;
  };
  let checksum = 0;
  for (let index = 0; index < (8 * hashBytes) / width; index += 1) {
    checksum += most - digit(hash, index);
  }
  const shifted = checksum << shift;
  const bytes = concatBytes(hash, Uint8Array.of(shifted >>> 8, shifted));
  return Uint8Array.from({ length: chains }, (_, index) => digit(bytes, index));
}

/** I || u32(number) || u16(purpose) || rest, as all hashes of a tree begin. */
export function lmsInput(
  id: Uint8Array,
  number: number,
  purpose: number,
  ...rest: readonly Uint8Array[]
): Uint8Array {
  const head = new Uint8Array(LMS_ID_BYTES + 6);
  head.set(id);
  writeBig32(head, LMS_ID_BYTES, number);
  head[LMS_ID_BYTES + 4] = purpose >>> 8;
  head[LMS_ID_BYTES + 5] = purpose;
  return concatBytes(head, ...rest);
}

interface Parts {
  readonly set: LmsSet;
  readonly id: Uint8Array;
  readonly leaf: number;
  /** C, then y. */
  readonly oneTime: Uint8Array;
  readonly path: Uint8Array;
}

/** RFC 8554 §4.6, algorithm 4b: the one-time public key that this signature would be right under. */
function oneTimeKey({ set, id, leaf, oneTime }: Parts, message: Uint8Array): Uint8Array {
  const { hashBytes, chains, width } = set;
  const randomizer = oneTime.subarray(0, hashBytes);
  const hash = sha256(lmsInput(id, leaf, LMS_PURPOSE.message, randomizer, message));
  const digits = lmsDigits(set, hash.subarray(0, hashBytes));
  const ends = new Uint8Array(hashBytes * chains);
  // I || u32(q) || u16(i) || u8(j) || value
  const input = lmsInput(id, leaf, 0, new Uint8Array(1 + hashBytes));
  const valueAt = LMS_ID_BYTES + 7;
  for (let chain = 0; chain < chains; chain += 1) {
    const from = hashBytes * (chain + 1);
    input[valueAt - 3] = chain >>> 8;
    input[valueAt - 2] = chain;
    input.set(oneTime.subarray(from, from + hashBytes), valueAt);
    for (let step = digits[chain] as number; step < 2 ** width - 1; step += 1) {
      input[valueAt - 1] = step;
      input.set(sha256(input).subarray(0, hashBytes), valueAt);
    }
    ends.set(input.subarray(valueAt), hashBytes * chain);
  }
  return sha256(lmsInput(id, leaf, LMS_PURPOSE.key, ends)).subarray(0, hashBytes);
}

/** RFC 8554 §5.4.2, algorithm 6a: the root that this signature would be right under. */
function rootOf(parts: Parts, message: Uint8Array): Uint8Array {
  const { set, id, leaf, path } = parts;
  const { hashBytes, height } = set;
  let number = 2 ** height + leaf;
  let node = sha256(lmsInput(id, number, LMS_PURPOSE.leaf, oneTimeKey(parts, message)));
  for (let level = 0; level < height; level += 1) {
    const own = node.subarray(0, hashBytes);
    const other = path.subarray(level * hashBytes, (level + 1) * hashBytes);
    const [left, right] = number % 2 === 1 ? [other, own] : [own, other];
    number = number >>> 1;
    node = sha256(lmsInput(id, number, LMS_PURPOSE.node, left, right));
  }
  return node.subarray(0, hashBytes);
}

/** The set that a public key names, when it is as long as one of that set. */
export function lmsSetOf(publicKey: Uint8Array): LmsSet | undefined {
  if (publicKey.length < 8) return undefined;
  const set = lmsSet(readBig32(publicKey, 0), readBig32(publicKey, 4));
  return set !== undefined && publicKey.length === lmsPublicKeyBytes(set) ? set : undefined;
}

function partsOf(publicKey: Uint8Array, set: LmsSet, signature: Uint8Array): Parts | undefined {
  if (signature.length !== lmsSignatureBytes(set)) return undefined;
  const typeAt = 4 + otsSignatureBytes(set);
  const leaf = readBig32(signature, 0) >>> 0;
  const isOfSet =
    readBig32(signature, 4) === set.otsType &&
    readBig32(signature, typeAt) === set.lmsType &&
    leaf < 2 ** set.height;
  if (!isOfSet) return undefined;
  return {
    set,
    id: publicKey.subarray(8, 8 + LMS_ID_BYTES),
    leaf,
    oneTime: signature.subarray(8, typeAt),
    path: signature.subarray(typeAt + 4),
  };
}

/**
 * Verifies strictly; false for whatever is not a right signature, malformed input and unknown codes included.
 *
 * @param publicKey - u32 LMS code, u32 LM-OTS code, I, root
 * @example
 * One tree's signature.
 * ```ts
 * const isRight = lmsVerify(publicKey, message, signature);
 * ```
 */
export function lmsVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const set = lmsSetOf(publicKey);
  const parts = set && partsOf(publicKey, set, signature);
  if (parts === undefined) return false;
  return equalBytes(rootOf(parts, message), publicKey.subarray(8 + LMS_ID_BYTES));
}
