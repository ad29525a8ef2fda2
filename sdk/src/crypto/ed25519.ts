/**
 * Ed25519 as docs/protocol.md §7.1 wants it: RFC 8032, s below the order, canonical encodings (no ZIP 215), and no
 * small-order public key.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { CryptoError } from './errors.ts';

export const ED25519_KEY_BYTES = 32;
export const ED25519_SIGNATURE_BYTES = 64;

/** Public key of a 32-byte secret key. */
export function ed25519PublicKey(secretKey: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(secretKey);
}

/** Signs with a 32-byte secret key; 64 bytes. */
export function ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, secretKey);
}

/** True for a canonical point on the curve that is not of small order. */
export function isUsableEd25519Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== ED25519_KEY_BYTES) return false;
  try {
    return !ed25519.Point.fromBytes(publicKey, false).isSmallOrder();
  } catch {
    // Not a point at all: the question is answered, there is nothing to report.
    return false;
  }
}

/**
 * @throws {@link CryptoError} `KEY_REFUSED` when the key is not a canonical point of large order
 */
export function checkEd25519Key(publicKey: Uint8Array): Uint8Array {
  if (!isUsableEd25519Key(publicKey)) {
    throw new CryptoError('KEY_REFUSED', 'expected an Ed25519 key of 32 bytes and of large order');
  }
  return publicKey;
}

/** Verifies strictly; false for whatever is not a right signature, malformed input included. */
export function ed25519Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== ED25519_SIGNATURE_BYTES || !isUsableEd25519Key(publicKey)) return false;
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}
