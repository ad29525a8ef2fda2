/** HKDF (RFC 5869), extract and expand in one, of the steps in hmac.ts. */
import { abytes } from '@noble/hashes/utils.js';
import { hkdfExpand, hmac } from './hmac.ts';
import type { Hash } from './primitives.ts';
import { sha256, sha512 } from './sha2.ts';
import { sha3_256 } from './sha3.ts';

/**
 * Derives keys.
 *
 * @param secret - what is to be derived from (IKM)
 * @param salt - may be empty
 * @param info - what the result is for
 * @param bytes - up to 255 digests
 */
export type Kdf = (
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  bytes: number,
) => Uint8Array;

function kdf(hash: Hash): Kdf {
  return (secret, salt, info, bytes) => {
    abytes(secret, undefined, 'secret');
    abytes(salt, undefined, 'salt');
    abytes(info, undefined, 'info');
    const most = 255 * hash.digestBytes;
    if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > most) {
      throw new RangeError(`"bytes" expected 1..${most}, got ${bytes}`);
    }
    return hkdfExpand(hash, hmac(hash, salt, secret), info, bytes);
  };
}

/**
 * HKDF with SHA-256.
 *
 * @throws {@link TypeError} for another type, {@link RangeError} for another length
 * @example
 * A key of 32 bytes for one use.
 * ```ts
 * const key = hkdfSha256(secret, salt, asciiBytes('disk'), 32);
 * ```
 */
export const hkdfSha256: Kdf = /* @__PURE__ */ kdf(sha256);

/** HKDF with SHA-512. */
export const hkdfSha512: Kdf = /* @__PURE__ */ kdf(sha512);

/** HKDF with SHA3-256. */
export const hkdfSha3_256: Kdf = /* @__PURE__ */ kdf(sha3_256);
