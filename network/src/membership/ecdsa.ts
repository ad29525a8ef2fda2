/**
 * ECDSA signatures over P-256 as Fabric wants them: ASN.1 DER SEQUENCE{INTEGER r, INTEGER s} (RFC 3279 §2.2.3), strictly
 * encoded, with s in the lower half of the group order, since (r, n - s) would verify as well and make two signatures of one.
 */
import { encodeInteger, encodeSequence, readInteger, readSequence } from './der.ts';

/** Group order of P-256 (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR_BYTES = 32;
/** Both as 32 bytes, big-endian, so that a scalar is compared without being made a number. */
const ORDER_BYTES = fromScalar(ORDER);
const HALF_ORDER_BYTES = fromScalar(ORDER >> 1n);

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
  const [r, s] = [signature.subarray(0, SCALAR_BYTES), signature.subarray(SCALAR_BYTES)];
  return isHigh(s) ? Buffer.concat([r, fromScalar(ORDER - toScalar(s))]) : signature;
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

/** @param scalar - 32 bytes. */
function isHigh(scalar: Uint8Array): boolean {
  return Buffer.compare(scalar, HALF_ORDER_BYTES) > 0;
}

/** @param magnitude - without leading zeros. @returns 32 bytes, or undefined unless it is in 1..n-1. */
function readScalar(magnitude: Uint8Array): Uint8Array | undefined {
  const start = magnitude[0] === 0 ? 1 : 0;
  const length = magnitude.length - start;
  if (length > SCALAR_BYTES || (length === 0 && start === 1)) {
    return undefined;
  }
  const scalar = Buffer.alloc(SCALAR_BYTES);
  scalar.set(magnitude.subarray(start), SCALAR_BYTES - length);
  return Buffer.compare(scalar, ORDER_BYTES) < 0 ? scalar : undefined;
}

function parseSignature(signature: Uint8Array): { r: Uint8Array; s: Uint8Array } | undefined {
  const sequence = readSequence(signature);
  const r = sequence?.rest.length === 0 ? readInteger(sequence.content) : undefined;
  if (!r) {
    return undefined;
  }
  const s = readInteger(r.rest);
  const scalars = [r.content, s?.content ?? new Uint8Array(1)].map(readScalar);
  const [first, second] = scalars;
  return s?.rest.length === 0 && first && second ? { r: first, s: second } : undefined;
}

/** Judges the encoding alone: strict DER, nothing behind it, both numbers in 1..n-1, s in the lower half. */
export function signatureForm(signature: Uint8Array): SignatureForm {
  const scalars = parseSignature(signature);
  if (!scalars) {
    return 'malformed';
  }
  return isHigh(scalars.s) ? 'high-s' : 'canonical';
}
