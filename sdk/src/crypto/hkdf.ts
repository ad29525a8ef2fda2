/** HKDF (RFC 5869), extract and expand in one, by @noble/hashes. */
import { hkdf } from '@noble/hashes/hkdf.js';
import * as sha2 from '@noble/hashes/sha2.js';
import * as sha3 from '@noble/hashes/sha3.js';
import { abytes } from '@noble/hashes/utils.js';

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

function kdf(hash: typeof sha2.sha256 | typeof sha2.sha512 | typeof sha3.sha3_256): Kdf {
  return (secret, salt, info, bytes) => {
    abytes(secret, undefined, 'secret');
    abytes(salt, undefined, 'salt');
    abytes(info, undefined, 'info');
    const most = 255 * hash.outputLen;
    if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > most) {
      throw new RangeError(`"bytes" expected 1..${most}, got ${bytes}`);
    }
    return hkdf(hash, secret, salt, info, bytes);
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
export const hkdfSha256: Kdf = /* @__PURE__ */ kdf(sha2.sha256);

/** HKDF with SHA-512. */
export const hkdfSha512: Kdf = /* @__PURE__ */ kdf(sha2.sha512);

/** HKDF with SHA3-256. */
export const hkdfSha3_256: Kdf = /* @__PURE__ */ kdf(sha3.sha3_256);
