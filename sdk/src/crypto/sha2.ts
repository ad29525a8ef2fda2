/** SHA-256, SHA-384 and SHA-512 (FIPS 180-4) by @noble/hashes. */
import * as noble from '@noble/hashes/sha2.js';
import { nobleHash } from './noble-hash.ts';
import type { Hash } from './primitives.ts';

/**
 * SHA-256, 32 bytes.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = sha256(message);
 * ```
 */
export const sha256: Hash = /* @__PURE__ */ nobleHash(noble.sha256);

/** SHA-384, 48 bytes; otherwise as {@link sha256}. */
export const sha384: Hash = /* @__PURE__ */ nobleHash(noble.sha384);

/** SHA-512, 64 bytes; otherwise as {@link sha256}. */
export const sha512: Hash = /* @__PURE__ */ nobleHash(noble.sha512);
