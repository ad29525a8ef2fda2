/** BLAKE3 (specification of 2020) by @noble/hashes, without key or context. */
import * as noble from '@noble/hashes/blake3.js';
import { nobleHash } from './noble-hash.ts';
import type { Hash, Xof } from './primitives.ts';
import { xofLength } from './xof-length.ts';

/**
 * BLAKE3, 32 bytes.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = blake3(message);
 * ```
 */
export const blake3: Hash = /* @__PURE__ */ nobleHash(noble.blake3);

/** BLAKE3 with as many bytes as asked for, at least one. */
export const blake3Xof: Xof = (message, bytes, customization) =>
  noble.blake3(message, { dkLen: xofLength('BLAKE3', bytes, customization) });
