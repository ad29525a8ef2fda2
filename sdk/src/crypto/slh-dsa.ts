/**
 * SLH-DSA-SHA2-128s as docs/protocol.md §7.1 wants it: FIPS 205, pure, empty context. By @noble/post-quantum. Signatures for
 * devices that have hashes and no curve; a signature takes a vendor seconds, its verification a device a few thousand hashes.
 */
import { slh_dsa_sha2_128s as scheme } from '@noble/post-quantum/slh-dsa.js';
import { abytes } from '@noble/hashes/utils.js';

export const SLH_DSA_KEY_BYTES = 32;
export const SLH_DSA_SECRET_KEY_BYTES = 64;
export const SLH_DSA_SEED_BYTES = 48;
export const SLH_DSA_SIGNATURE_BYTES = 7856;

export interface SlhDsaKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/**
 * A key pair.
 *
 * @param seed - 48 random bytes: SK.seed, SK.prf, PK.seed
 * @throws {@link RangeError} for another length
 */
export function slhDsaKeyPair(seed: Uint8Array): SlhDsaKeyPair {
  return scheme.keygen(abytes(seed, SLH_DSA_SEED_BYTES, 'seed'));
}

/**
 * Signs, hedged by `entropy`, or deterministically without it.
 *
 * @param secretKey - 64 bytes
 * @param entropy - 16 random bytes
 * @returns 7856 bytes
 */
export function slhDsaSign(
  secretKey: Uint8Array,
  message: Uint8Array,
  entropy?: Uint8Array,
): Uint8Array {
  abytes(secretKey, SLH_DSA_SECRET_KEY_BYTES, 'secretKey');
  return scheme.sign(message, secretKey, { extraEntropy: entropy ?? false });
}

/** Verifies strictly; false for whatever is not a right signature, malformed input included. */
export function slhDsaVerify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== SLH_DSA_KEY_BYTES) return false;
  if (signature.length !== SLH_DSA_SIGNATURE_BYTES) return false;
  return scheme.verify(signature, message, publicKey);
}
