/**
 * AES-GCM (NIST SP 800-38D), tags of 16 bytes, by @noble/ciphers. The nonce has 12 bytes; a longer one, or one from 8 bytes on,
 * is hashed first and so only as good as a random one. A nonce is never used twice under one key.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { nobleAead } from './noble-aead.ts';
import type { AeadAlgorithm } from './primitives.ts';

const NONCE = { nonce: 12, shortestNonce: 8 } as const;

/**
 * AES-GCM with a key of 32, 24 or 16 bytes.
 *
 * @throws {@link TypeError} for another type, {@link RangeError} for another length
 * @example
 * Seal, and open what was sealed.
 * ```ts
 * const sealed = aesGcm(key, nonce, header).encrypt(text);
 * const opened = aesGcm(key, nonce, header).decrypt(sealed);
 * ```
 */
export const aesGcm: AeadAlgorithm = /* @__PURE__ */ nobleAead(gcm, {
  keys: [32, 24, 16],
  ...NONCE,
});

/** {@link aesGcm} with keys of 16 bytes and nonces of 12 only, as suite 0x0101 has it. */
export const aes128Gcm: AeadAlgorithm = /* @__PURE__ */ nobleAead(gcm, { keys: [16], nonce: 12 });

/** {@link aesGcm} with keys of 32 bytes and nonces of 12 only, as suites 0x0102 and 0x0104 have it. */
export const aes256Gcm: AeadAlgorithm = /* @__PURE__ */ nobleAead(gcm, { keys: [32], nonce: 12 });
