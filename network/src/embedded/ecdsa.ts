/**
 * ECDSA signatures over P-256 as Fabric wants them: ASN.1 DER SEQUENCE{INTEGER r, INTEGER s} (RFC 3279 §2.2.3), strictly
 * encoded, with s in the lower half of the group order, since (r, n - s) would verify as well and make two signatures of one.
 */
import { encodeInteger, encodeSequence, readInteger, readSequence } from './der.ts';

/** Group order of P-256 (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;
const SCALAR_BYTES = 32;

/** What the form of a signature says before any key is looked at. */
export type SignatureForm = 'canonical' | 'high-s' | 'malformed';

function toScalar(magnitude: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(magnitude).toString('hex')}`);
}

function fromScalar(scalar: bigint): Uint8Array {
  return Buffer.from(scalar.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
}

function assertScalars(signature: Uint8Array): void {
  if (signature.length !== 2 * SCALAR_BYTES) {
    throw new RangeError(`"signature" expected 64 bytes, got ${signature.length}`);
  }
}

/**
 * Puts s into the lower half of the group order.
 *
 * @param signature - r || s (IEEE P1363, 64 bytes, as node:crypto and Web Crypto give it).
 * @throws {RangeError} when the signature is not 64 bytes.
 */
export function toLowS(signature: Uint8Array): Uint8Array {
  assertScalars(signature);
  const s = toScalar(signature.subarray(SCALAR_BYTES));
  const r = signature.subarray(0, SCALAR_BYTES);
  return s > HALF_ORDER ? Buffer.concat([r, fromScalar(ORDER - s)]) : signature;
}

/**
 * Turns r || s into DER with a low s.
 *
 * @throws {RangeError} when the signature is not 64 bytes.
 */
export function toLowSDer(signature: Uint8Array): Uint8Array {
  const low = toLowS(signature);
  return encodeSequence(
    encodeInteger(low.subarray(0, SCALAR_BYTES)),
    encodeInteger(low.subarray(SCALAR_BYTES)),
  );
}

function inRange(scalar: bigint): boolean {
  return scalar > 0n && scalar < ORDER;
}

function parseSignature(signature: Uint8Array): { r: bigint; s: bigint } | undefined {
  const sequence = readSequence(signature);
  const r = sequence?.rest.length === 0 ? readInteger(sequence.content) : undefined;
  if (!r) {
    return undefined;
  }
  const s = readInteger(r.rest);
  return s?.rest.length === 0 ? { r: toScalar(r.content), s: toScalar(s.content) } : undefined;
}

/** Judges the encoding alone: strict DER, nothing behind it, both numbers in 1..n-1, s in the lower half. */
export function signatureForm(signature: Uint8Array): SignatureForm {
  const scalars = parseSignature(signature);
  if (!scalars || !inRange(scalars.r) || !inRange(scalars.s)) {
    return 'malformed';
  }
  return scalars.s > HALF_ORDER ? 'high-s' : 'canonical';
}
