/**
 * ECDSA over P-256 with SHA-256 as Fabric's members sign (docs/protocol.md §7.3 step 2): strict DER, s in the lower half of the
 * group order, since (r, n - s) would make two signatures of one.
 */
import { p256 } from '@noble/curves/nist.js';

/** An uncompressed point: 0x04 || x || y. */
export const P256_KEY_BYTES = 65;

/**
 * Verifies strictly; false for whatever is not a right signature, malformed input included.
 *
 * @param publicKey - 65 bytes, uncompressed
 * @param message - what was signed, not hashed yet
 * @param signature - DER SEQUENCE{INTEGER r, INTEGER s}
 */
export function p256Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== P256_KEY_BYTES) return false;
  try {
    return p256.verify(signature, message, publicKey, { format: 'der', lowS: true });
  } catch {
    // Not a point, or not DER: the question is answered, there is nothing to report.
    return false;
  }
}
