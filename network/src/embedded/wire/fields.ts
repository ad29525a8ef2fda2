/**
 * The few protobuf fields that are written by hand, so that bytes which exist already are wrapped instead of parsed and
 * serialised again (Protocol Buffers encoding, wire types 0 and 2).
 */

function varint(value: number): Uint8Array {
  const octets: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    octets.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  octets.push(rest);
  return Uint8Array.from(octets);
}

/** @returns an integer as a base-128 varint. */
export const encodeVarint = varint;

/** @returns a field of wire type 2: tag, length, content. */
export function lengthDelimited(field: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint(field * 8 + 2), varint(length), ...parts]);
}

/** @returns a field of wire type 0. */
export function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** @returns a plain view of the same memory: `deserializeBinary` would copy a Buffer. */
export function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
