/** X25519 (RFC 7748) for the full handshake of class E (docs/protocol.md §3.2); an all-zero result is refused. */
import { x25519 } from '@noble/curves/ed25519.js';
import { CryptoError } from './errors.ts';

/** Public key of a 32-byte ephemeral secret. */
export function x25519PublicKey(secret: Uint8Array): Uint8Array {
  return x25519.getPublicKey(secret);
}

/**
 * Z, 32 bytes.
 *
 * @throws {@link CryptoError} `X25519_ALL_ZERO` when the peer sent a point of small order
 */
export function x25519SharedSecret(secret: Uint8Array, peer: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(secret, peer);
  } catch (error) {
    throw new CryptoError('X25519_ALL_ZERO', 'the peer sent a key of small order', {
      cause: error,
    });
  }
}
