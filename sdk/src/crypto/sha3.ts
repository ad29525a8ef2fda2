/** SHA3-256, SHA3-384, SHA3-512, SHAKE128 and SHAKE256 (FIPS 202) by @noble/hashes. */
import * as noble from '@noble/hashes/sha3.js';
import { nobleHash } from './noble-hash.ts';
import type { Hash, Xof } from './primitives.ts';
import { xofLength } from './xof-length.ts';

/**
 * SHA3-256, 32 bytes.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = sha3_256(message);
 * ```
 */
export const sha3_256: Hash = /* @__PURE__ */ nobleHash(noble.sha3_256);

/** SHA3-384, 48 bytes; otherwise as {@link sha3_256}. */
export const sha3_384: Hash = /* @__PURE__ */ nobleHash(noble.sha3_384);

/** SHA3-512, 64 bytes; otherwise as {@link sha3_256}. */
export const sha3_512: Hash = /* @__PURE__ */ nobleHash(noble.sha3_512);

/** SHAKE128: as many bytes as asked for, at least one. */
export const shake128: Xof = (message, bytes, customization) =>
  noble.shake128(message, { dkLen: xofLength('SHAKE128', bytes, customization) });

/** SHAKE256: as many bytes as asked for, at least one. */
export const shake256: Xof = (message, bytes, customization) =>
  noble.shake256(message, { dkLen: xofLength('SHAKE256', bytes, customization) });
