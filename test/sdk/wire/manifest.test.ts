import {
  decodeCbor,
  decodeManifest,
  encodeCbor,
  encodeManifest,
  transferOf,
  type CborValue,
  type Manifest,
} from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';

const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const whole: Manifest = {
  vendor: 'northlight',
  model: 'lamp',
  gen: 1,
  seq: 8,
  version: '7.28.0',
  size: 2000,
  sha256: digest(1),
  chunkLog2: 10,
  root: digest(2),
  format: 0,
  expiry: 1_893_456_000,
  component: ['firmware', 0],
};
const delta: Manifest = {
  ...whole,
  digests: new Map([
    [1, digest(3)],
    [3, digest(4)],
  ]),
  precursor: { seq: 7, sha256: digest(5) },
  format: 1,
  deltaSize: 700,
  deltaSha256: digest(6),
  setDigest: digest(7),
  sbom: digest(8),
  bootloader: 2,
};

function mapOf(manifest: Manifest): Map<number, CborValue> {
  return new Map(decodeCbor(encodeManifest(manifest)) as ReadonlyMap<number, CborValue>);
}

/** The payload with one key set, or taken away. */
function changed(key: number, item?: CborValue, manifest = whole): Uint8Array {
  const map = mapOf(manifest);
  if (item === undefined) map.delete(key);
  else map.set(key, item);
  return encodeCbor(map);
}

describe('manifest', () => {
  it.each([
    ['a whole image', whole],
    ['a delta with every field', delta],
    ['an empty image', { ...whole, size: 0 }],
  ])('carries %s', (_, manifest) => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });

  it('passes over keys 64..255', () => {
    expect(decodeManifest(changed(64, ['anything', new Map([[1, true]])]))).toEqual(whole);
    expect(decodeManifest(changed(255, false))).toEqual(whole);
  });

  it.each([0, 21, 63, 256, 70_000])('refuses the unknown key %d', (key) => {
    const refusal = refusalOf(() => decodeManifest(changed(key, 1)));
    expect(refusal).toEqual({ code: 'WIRE_SHAPE', closeCode: 4400 });
  });

  it.each([2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 17])('refuses a manifest without key %d', (key) => {
    expect(refusalOf(() => decodeManifest(changed(key))).code).toBe('WIRE_SHAPE');
  });

  const malformed: readonly [string, Uint8Array, string][] = [
    ['no schema', changed(1), 'WIRE_RANGE'],
    ['schema 2', changed(1, 2), 'WIRE_RANGE'],
    ['a vendor that is no text', changed(2, 1), 'WIRE_SHAPE'],
    ['a digest of 31 bytes', changed(8, new Uint8Array(31)), 'WIRE_SHAPE'],
    ['an empty map of digests', changed(9, new Map()), 'WIRE_SHAPE'],
    ['digests that are a list', changed(9, [digest(1)]), 'WIRE_SHAPE'],
    ['chunks of 128 bytes', changed(10, 7), 'WIRE_RANGE'],
    ['chunks of 64 KiB', changed(10, 16), 'WIRE_RANGE'],
    ['a precursor without digest', changed(12, [7]), 'WIRE_SHAPE'],
    ['format 2', changed(13, 2), 'WIRE_RANGE'],
    ['a delta without its size', changed(14, undefined, delta), 'WIRE_SHAPE'],
    ['a delta without its digest', changed(15, undefined, delta), 'WIRE_SHAPE'],
    ['a delta without precursor', changed(12, undefined, delta), 'WIRE_SHAPE'],
    ['a whole image with a delta size', changed(14, 700), 'WIRE_SHAPE'],
    ['a whole image with a delta digest', changed(15, digest(1)), 'WIRE_SHAPE'],
    ['a component without slot', changed(17, ['firmware']), 'WIRE_SHAPE'],
    ['more than 2^32 chunks', changed(7, 2 ** 43), 'WIRE_RANGE'],
    ['more than 4096 bytes', changed(64, new Uint8Array(4096)), 'WIRE_RANGE'],
    ['an array', encodeCbor([1]), 'WIRE_SHAPE'],
  ];
  it.each(malformed)('refuses %s', (_, payload, code) => {
    expect(refusalOf(() => decodeManifest(payload))).toEqual({ code, closeCode: 4400 });
  });

  it.each([
    ['a delta without precursor', { ...whole, format: 1, deltaSize: 1, deltaSha256: digest(1) }],
    ['a version that makes it larger than 4096 bytes', { ...whole, version: 'x'.repeat(4096) }],
    ['chunks of 128 bytes', { ...whole, chunkLog2: 7 }],
  ])('does not write %s', (_, manifest) => {
    expect(() => encodeManifest(manifest as Manifest)).toThrow(RangeError);
  });

  it('says what is transferred', () => {
    expect(transferOf(whole)).toEqual({ size: 2000, sha256: digest(1), chunks: 2 });
    expect(transferOf(delta)).toEqual({ size: 700, sha256: digest(6), chunks: 1 });
    expect(transferOf({ ...whole, size: 0 }).chunks).toBe(0);
    expect(transferOf({ ...whole, size: 2048 }).chunks).toBe(2);
  });
});
