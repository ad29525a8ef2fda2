/**
 * What class E needs of public-key cryptography, as an object that is handed to the steps which both classes share: the
 * bundle of a lightweight node holds none of it (docs/protocol.md §2: class L has symmetric primitives and hashes only).
 */

/** Ed25519 (§7.1) and X25519 (§3.2). */
export interface PublicKeyCode {
  /** True for a canonical Ed25519 key of large order. */
  isUsableKey(publicKey: Uint8Array): boolean;
  /** Ed25519; false for whatever is not a right signature. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Ed25519 by a 32-byte secret key. */
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
  /** X25519 public key of a 32-byte secret. */
  agreementKey(secret: Uint8Array): Uint8Array;
  /** @throws {@link CryptoError} `X25519_ALL_ZERO` */
  agree(secret: Uint8Array, peer: Uint8Array): Uint8Array;
}
