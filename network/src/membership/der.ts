/**
 * The few pieces of DER (X.690 §8, §10) that blocks, signatures and certificates need: definite, minimal lengths only.
 */

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;

function encodeLength(length: number): Uint8Array {
  if (length < 0x80) {
    return Uint8Array.of(length);
  }
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

function encodeElement(tag: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag), encodeLength(content.length), content]);
}

/** @param magnitude - unsigned big-endian integer, leading zeros allowed. */
export function encodeInteger(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) {
    start++;
  }
  const minimal = magnitude.length === 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  const signed = (minimal[0] ?? 0) >= 0x80 ? Buffer.concat([Uint8Array.of(0), minimal]) : minimal;
  return encodeElement(INTEGER, signed);
}

export function encodeOctetString(content: Uint8Array): Uint8Array {
  return encodeElement(OCTET_STRING, content);
}

export function encodeSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return encodeElement(SEQUENCE, Buffer.concat(elements));
}

/** One element: its whole encoding, its content, and what follows it. */
export interface DerElement {
  readonly encoding: Uint8Array;
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

function readLength(bytes: Uint8Array): { length: number; header: number } | undefined {
  const first = bytes[1];
  if (first === undefined || first < 0x80) {
    return first === undefined ? undefined : { length: first, header: 2 };
  }
  const count = first & 0x7f;
  if (count === 0 || count > 4 || bytes.length < 2 + count) {
    return undefined;
  }
  let length = 0;
  for (const octet of bytes.subarray(2, 2 + count)) {
    length = length * 256 + octet;
  }
  const minimal = encodeLength(length).length === count + 1;
  return minimal ? { length, header: 2 + count } : undefined;
}

function readElement(tag: number, bytes: Uint8Array): DerElement | undefined {
  const size = bytes[0] === tag ? readLength(bytes) : undefined;
  if (size === undefined || bytes.length < size.header + size.length) {
    return undefined;
  }
  const end = size.header + size.length;
  return {
    encoding: bytes.subarray(0, end),
    content: bytes.subarray(size.header, end),
    rest: bytes.subarray(end),
  };
}

/** @returns the SEQUENCE at the front of the bytes, or undefined when there is none. */
export function readSequence(bytes: Uint8Array): DerElement | undefined {
  return readElement(SEQUENCE, bytes);
}

/** @returns the non-negative, minimally encoded INTEGER at the front of the bytes, or undefined. */
export function readInteger(bytes: Uint8Array): DerElement | undefined {
  const element = readElement(INTEGER, bytes);
  const [first, second] = element?.content ?? [];
  const negative = first === undefined || first >= 0x80;
  const padded = first === 0 && second !== undefined && second < 0x80;
  return negative || padded ? undefined : element;
}
