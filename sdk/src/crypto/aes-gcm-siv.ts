/** AES-GCM-SIV (RFC 8452) by @noble/ciphers: a nonce used twice tells only whether the same text was sealed twice. */
import { gcmsiv } from '@noble/ciphers/aes.js';
import { nobleAead } from './noble-aead.ts';
import type { AeadAlgorithm } from './primitives.ts';

/**
 * AES-GCM-SIV with a key of 32 or 16 bytes and a nonce of 12.
 *
 * @throws {@link TypeError} for another type, {@link RangeError} for another length
 * @example
 * Seal, and open what was sealed.
 * ```ts
 * const sealed = aesGcmSiv(key, nonce, header).encrypt(text);
 * const opened = aesGcmSiv(key, nonce, header).decrypt(sealed);
 * ```
 */
export const aesGcmSiv: AeadAlgorithm = /* @__PURE__ */ nobleAead(gcmsiv, {
  keys: [32, 16],
  nonce: 12,
});
