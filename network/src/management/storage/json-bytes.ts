/** JSON in which byte strings are kept: `{"$hex": "…"}` stands for a Uint8Array. For records that are sealed at rest. */

const TAG = '$hex';

/** Encodes plain data with byte strings in it. */
export function encodeRecord(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_key, each: unknown) =>
    each instanceof Uint8Array ? { [TAG]: Buffer.from(each).toString('hex') } : each,
  );
  return new Uint8Array(Buffer.from(text));
}

/** Decodes what {@link encodeRecord} made; the shape is the caller's word, kept by seal and format number. */
export function decodeRecord(bytes: Uint8Array): unknown {
  const revive = (_key: string, each: unknown): unknown =>
    isTagged(each) ? new Uint8Array(Buffer.from(each[TAG], 'hex')) : each;
  return JSON.parse(Buffer.from(bytes).toString('utf8'), revive);
}

function isTagged(value: unknown): value is { readonly [TAG]: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    TAG in value &&
    typeof value[TAG] === 'string' &&
    Object.keys(value).length === 1
  );
}
