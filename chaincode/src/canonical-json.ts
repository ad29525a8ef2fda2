/** JSON with sorted keys and no space: equal values are equal bytes at every endorser. */

/** The same value with the keys of every object in ascending order (UTF-16 code units, no locale). */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}

/** The canonical JSON of a value, as UTF-8 bytes. */
export function encodeJson(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(sortKeys(value)), 'utf8');
}

/**
 * Reads what {@link encodeJson} wrote. The type is the writer's word: only these contracts write under their keys.
 * @throws SyntaxError when the bytes are not JSON.
 */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
