/**
 * The `signed` envelope of docs/protocol.md §7.1: a payload as bytes, never re-encoded, and one to eight signatures. What
 * makes a signature right is in crypto/envelope.ts.
 */
import { bytes, codec, list, oneOf, row } from './shapes.ts';

/** 1 Ed25519, 2 SLH-DSA-SHA2-128s, 3 vendor MAC. */
export type SignatureAlgorithm = 1 | 2 | 3;

export const Algorithm = { ed25519: 1, slhDsaSha2128s: 2, vendorMac: 3 } as const;

export interface Signature {
  /** First 16 bytes of SHA-256 of the raw key (§2.1). */
  readonly keyId: Uint8Array;
  readonly alg: SignatureAlgorithm;
  readonly sig: Uint8Array;
}

export interface Signed {
  readonly payload: Uint8Array;
  readonly signatures: readonly Signature[];
}

const signed = codec(
  row<Signed>({
    payload: bytes(),
    signatures: list(row<Signature>({ keyId: bytes(16), alg: oneOf(1, 2, 3), sig: bytes() }), 1, 8),
  }),
  'signed',
);

/** @throws {@link RangeError} when a field is not as the CDDL says */
export const encodeSigned = signed.encode;

/** @throws {@link WireError} when the bytes are not a `signed` */
export const decodeSigned = signed.decode;
