/**
 * Verification of HSS signatures (RFC 8554 §6): trees one above the other, each but the last signing the next one's public key.
 * `treeVerify` is the proof of a manager (docs/protocol.md §3.3): one or two levels of the sets named there, and no other.
 */
import { lmsPublicKeyBytes, lmsSet, lmsSetOf, lmsSignatureBytes, lmsVerify } from './lms.ts';
import type { LmsSet } from './lms.ts';
import { readBig32 } from './words.ts';

/** RFC 8554 §6: most levels. */
const LEVELS_MOST = 8;

/** Bytes of a manager's HSS public key (docs/protocol.md §3.3). */
export const TREE_KEY_BYTES = 52;
/** LMOTS_SHA256_N24_W4, the one-time signature of every level of a manager's tree. */
export const TREE_OTS_TYPE = 0x07;
const TREE_LMS_FIRST = 0x0a;
const TREE_LMS_LAST = 0x0d;
const TREE_LEVELS_MOST = 2;

type Accepts = (set: LmsSet) => boolean;

function isTreeSet({ lmsType, otsType }: LmsSet): boolean {
  const isNamed = lmsType >= TREE_LMS_FIRST && lmsType <= TREE_LMS_LAST;
  return isNamed && otsType === TREE_OTS_TYPE;
}

interface Level {
  readonly signature: Uint8Array;
  /** What is signed: the public key of the level below, or the message. */
  readonly signed: Uint8Array;
}

/** The public key at the beginning of `bytes`. */
function keyAt(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 8) return undefined;
  const set = lmsSet(readBig32(bytes, 0), readBig32(bytes, 4));
  if (set === undefined) return undefined;
  const key = bytes.subarray(0, lmsPublicKeyBytes(set));
  return lmsSetOf(key) === undefined ? undefined : key;
}

/** Levels that key and signature both name; 0 when they do not agree or are too many. */
function countOf(publicKey: Uint8Array, signature: Uint8Array): number {
  if (signature.length < 4) return 0;
  const count = readBig32(publicKey, 0) >>> 0;
  return count === (readBig32(signature, 0) >>> 0) + 1 && count <= LEVELS_MOST ? count : 0;
}

/** §6.3: cuts `signature` into levels, by the sets that each level's public key names. */
function levelsOf(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  accepts: Accepts,
): readonly Level[] | undefined {
  const count = countOf(publicKey, signature);
  const levels: Level[] = [];
  let rest = signature.subarray(4);
  let key = publicKey.subarray(4);
  for (let level = 0; level < count; level += 1) {
    const set = lmsSetOf(key);
    if (set === undefined || !accepts(set)) return undefined;
    const own = rest.subarray(0, lmsSignatureBytes(set));
    rest = rest.subarray(own.length);
    const below = level === count - 1 ? message : keyAt(rest);
    if (below === undefined) return undefined;
    levels.push({ signature: own, signed: below });
    if (level === count - 1) break;
    key = below;
    rest = rest.subarray(below.length);
  }
  return rest.length === 0 ? levels : undefined;
}

function verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  accepts: Accepts,
): boolean {
  if (publicKey.length < 4) return false;
  const levels = levelsOf(publicKey, message, signature, accepts);
  if (levels === undefined) return false;
  let key = publicKey.subarray(4);
  for (const { signature: own, signed } of levels) {
    if (!lmsVerify(key, signed, own)) return false;
    key = signed;
  }
  return levels.length > 0;
}

/**
 * Verifies strictly, with up to 8 levels of any SHA-256 set; false for whatever is not a right signature, malformed input
 * included.
 *
 * @param publicKey - u32 levels, then an LMS public key
 * @example
 * A signature under a hierarchy of trees.
 * ```ts
 * const isRight = hssVerify(publicKey, message, signature);
 * ```
 */
export function hssVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verify(publicKey, message, signature, () => true);
}

/** True for an HSS public key that may be a manager's (docs/protocol.md §3.3, `mkey` of mauth 3). */
export function isTreeKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== TREE_KEY_BYTES) return false;
  const levels = readBig32(publicKey, 0);
  const set = lmsSetOf(publicKey.subarray(4));
  return levels >= 1 && levels <= TREE_LEVELS_MOST && set !== undefined && isTreeSet(set);
}

/**
 * §3.3: verifies a manager's proof by its tree; false for every other set than the ones named there.
 *
 * @param publicKey - 52 bytes
 */
export function treeVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return isTreeKey(publicKey) && verify(publicKey, message, signature, isTreeSet);
}
