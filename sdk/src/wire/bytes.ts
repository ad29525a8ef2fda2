/** Byte strings as docs/protocol.md writes them: `||`, be16, be32, be64, and comparison in constant time. */
import { U32_MAX, UINT_MAX } from './limits.ts';

/** Joins parts, `a || b`. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Bytes of an ASCII text.
 *
 * @throws {@link RangeError} for any other text
 */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0x7f || character.length > 1) throw new RangeError('expected ASCII text');
    return code;
  });
}

function bigEndian(value: number, length: number, most: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value > most) {
    throw new RangeError(`expected an integer 0..${most}, got ${value}`);
  }
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** @throws {@link RangeError} outside 0..2^16 - 1 */
export function be16(value: number): Uint8Array {
  return bigEndian(value, 2, 0xffff);
}

/** @throws {@link RangeError} outside 0..2^32 - 1 */
export function be32(value: number): Uint8Array {
  return bigEndian(value, 4, U32_MAX);
}

/** @throws {@link RangeError} outside 0..2^53 - 1 */
export function be64(value: number): Uint8Array {
  return bigEndian(value, 8, UINT_MAX);
}

/** Compares in time that depends on the lengths only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  left.forEach((byte, at) => {
    difference |= byte ^ (right[at] ?? 0);
  });
  return difference === 0;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @throws {@link RangeError} for an odd number of digits or another character
 */
export function fromHex(hex: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex))
    throw new RangeError('expected an even number of hex digits');
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16),
  );
}

/**
 * Overwrites secrets. JavaScript may have left copies elsewhere; this shortens the life of those that we hold.
 */
export function erase(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
