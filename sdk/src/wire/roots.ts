/** The vendor's roots (docs/protocol.md §7.1): the keys of one generation, and how many of them have to sign. */
import { WireError } from './errors.ts';
import { bytes, codec, list, oneOf, row, uint, uintIn } from './shapes.ts';

/** Keys of one generation. */
export const ROOT_KEYS_MOST = 8;

/** One of the vendor's keys. */
export interface RootKey {
  /** 1 Ed25519, 2 SLH-DSA-SHA2-128s. */
  readonly alg: 1 | 2;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface VendorRoots {
  /** Generation: releases under it are newer than all of an earlier one. */
  readonly gen: number;
  /** Signatures by distinct keys that make an object valid. */
  readonly k: number;
  readonly keys: readonly RootKey[];
}

const roots = codec(
  row<VendorRoots>({
    gen: uint,
    k: uintIn(1, ROOT_KEYS_MOST),
    keys: list(row<RootKey>({ alg: oneOf(1, 2), key: bytes(32) }), 1, ROOT_KEYS_MOST),
  }),
  'roots',
);

/** A key twice would be two signatures by one; more signatures than keys could never be had. */
function checkRoots({ k, keys }: VendorRoots): void {
  if (k > keys.length) {
    throw new WireError('WIRE_RANGE', `roots: expected k up to ${keys.length}, got ${k}`);
  }
  const names = new Set(keys.map(({ key }) => key.join()));
  if (names.size < keys.length) throw new WireError('WIRE_SHAPE', 'roots: expected distinct keys');
}

/**
 * @returns the payload that the vendor signs
 * @throws {@link RangeError} when a field is not as the CDDL says, or k and keys do not fit
 */
export function encodeRoots(value: VendorRoots): Uint8Array {
  const payload = roots.encode(value);
  try {
    checkRoots(value);
  } catch (error) {
    throw new RangeError('roots: k and keys do not fit', { cause: error });
  }
  return payload;
}

/** @throws {@link WireError} when the payload is not as §7.1 says */
export function decodeRoots(payload: Uint8Array): VendorRoots {
  const value = roots.decode(payload);
  checkRoots(value);
  return value;
}
