/**
 * ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) by @noble/ciphers. A nonce is never used
 * twice under one key; the 24 bytes of the second may be random.
 */
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { nobleAead } from './noble-aead.ts';
import type { AeadAlgorithm } from './primitives.ts';

/**
 * ChaCha20-Poly1305 with a key of 32 bytes and a nonce of 12.
 *
 * @throws {@link TypeError} for another type, {@link RangeError} for another length
 * @example
 * Seal, and open what was sealed.
 * ```ts
 * const sealed = chacha20Poly1305(key, nonce, header).encrypt(text);
 * const opened = chacha20Poly1305(key, nonce, header).decrypt(sealed);
 * ```
 */
export const chacha20Poly1305: AeadAlgorithm = /* @__PURE__ */ nobleAead(chacha20poly1305, {
  keys: [32],
  nonce: 12,
});

/** As {@link chacha20Poly1305}, with a nonce of 24 bytes. */
export const xchacha20Poly1305: AeadAlgorithm = /* @__PURE__ */ nobleAead(xchacha20poly1305, {
  keys: [32],
  nonce: 24,
});
