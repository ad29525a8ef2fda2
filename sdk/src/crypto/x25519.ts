/** X25519 (RFC 7748) for the full handshake of class E (docs/protocol.md §3.2); an all-zero result is refused. */
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { abytes, bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { CryptoError } from './errors.ts';

/** RFC 7748 §5: which bits of a secret count. */
function clamped(secret: Uint8Array): bigint {
  abytes(secret, 32, 'secret');
  const bytes = Uint8Array.from(secret);
  bytes[0] = (bytes[0] ?? 0) & 0xf8;
  bytes[31] = ((bytes[31] ?? 0) & 0x7f) | 0x40;
  const scalar = bytesToNumberLE(bytes);
  bytes.fill(0);
  return scalar;
}

/**
 * Public key of a 32-byte ephemeral secret. Computed on the curve of Ed25519, whose base point has tables, and taken over by
 * u = (1 + y) / (1 - y) (RFC 7748 §4.1): several times as fast as the ladder, which knows no base point.
 */
export function x25519PublicKey(secret: Uint8Array): Uint8Array {
  const { Point } = ed25519;
  const { Fp, Fn } = Point;
  // Clamped scalars are 8m with 0 < m < 2^252, which the base point's order, a greater prime, does not divide: never zero.
  const { Y, Z } = Point.BASE.multiply(Fn.create(clamped(secret)));
  const u = Fp.mul(Fp.add(Z, Y), Fp.inv(Fp.sub(Z, Y)));
  return numberToBytesLE(u, 32);
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
