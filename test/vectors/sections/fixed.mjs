/** Injected randomness of the vectors, and how values are written into the file. */
import { createHash } from 'node:crypto';

/** SHA-256 by Node, not by the implementation that the vectors check. */
export function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export const ascii = (text) => new Uint8Array(Buffer.from(text, 'ascii'));

export const concat = (...parts) => new Uint8Array(Buffer.concat(parts));

/** "Random" bytes: the beginning of SHA-256("lamplighter vectors " || name). */
export function fixed(name, length = 32) {
  return sha256(ascii(`lamplighter vectors ${name}`)).slice(0, length);
}

/** An image whose byte i is i mod 251. */
export function image(size) {
  return Uint8Array.from({ length: size }, (_, at) => at % 251);
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** Values as JSON: byte strings as lower-case hex, maps as lists of pairs. */
export function plain(value) {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Map) return [...value].map(([key, item]) => [key, plain(item)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

export function flip(bytes, at, bit = 0) {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= 1 << bit;
  return copy;
}
