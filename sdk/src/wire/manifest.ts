/**
 * The manifest of a release (docs/protocol.md §7.2), fields after RFC 9124: a CBOR map of at most 4096 bytes. Checked here
 * is what the object says of itself; vendor, model, counter, precursor and expiry are checked by whoever installs it.
 */
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
import { WireError } from './errors.ts';
import { CHUNK_LOG2_LEAST, CHUNK_LOG2_MOST, MANIFEST_BYTES, U32_MAX } from './limits.ts';
import { bytes, isMap, oneOf, row, text, uint, uintIn, writeShape, type Shape } from './shapes.ts';

/** A release that has to be in use before this one (key 12). */
export interface Precursor {
  readonly seq: number;
  readonly sha256: Uint8Array;
}

export interface Manifest {
  readonly vendor: string;
  /** Class (model) id. */
  readonly model: string;
  readonly gen: number;
  readonly seq: number;
  readonly version: string;
  /** Size of the image in bytes. */
  readonly size: number;
  /** SHA-256 of the image. */
  readonly sha256: Uint8Array;
  /** Digests by other hashes: 1 SHA3-256, 2 BLAKE3, 3 LSH-256-256, 4 Ascon-Hash256. */
  readonly digests?: ReadonlyMap<number, Uint8Array>;
  /** log2 of the chunk size, 8..15. */
  readonly chunkLog2: number;
  /** Root of the chunk tree of what is transferred. */
  readonly root: Uint8Array;
  readonly precursor?: Precursor;
  /** 0 whole image, 1 delta. */
  readonly format: 0 | 1;
  readonly deltaSize?: number;
  readonly deltaSha256?: Uint8Array;
  /** Seconds since 1970. */
  readonly expiry: number;
  /** Component and slot. */
  readonly component: readonly [string, number];
  readonly setDigest?: Uint8Array;
  readonly sbom?: Uint8Array;
  /** Least boot loader version. */
  readonly bootloader?: number;
}

const precursor = row<Precursor>({ seq: uint, sha256: bytes(32) });

const componentRow = row<{ name: string; slot: number }>({ name: text, slot: uint });
const component: Shape<readonly [string, number]> = {
  read(item, at) {
    const { name, slot } = componentRow.read(item, at);
    return [name, slot];
  },
  write: ([name, slot], at) => componentRow.write({ name, slot }, at),
};

const digests: Shape<ReadonlyMap<number, Uint8Array>> = {
  read(item, at) {
    if (!isMap(item) || item.size === 0) throw new WireError('WIRE_SHAPE', `${at}: expected a map`);
    return new Map([...item].map(([hash, digest]) => [hash, bytes().read(digest, at)]));
  },
  write(value, at) {
    if (value.size === 0) throw new WireError('WIRE_SHAPE', `${at}: expected at least one digest`);
    return new Map([...value].map(([hash, digest]) => [hash, bytes().write(digest, at)]));
  },
};

type Presence = 'required' | 'optional';
type Table = {
  readonly [K in keyof Manifest]-?: readonly [number, Shape<NonNullable<Manifest[K]>>, Presence];
};

const SCHEMA_KEY = 1;
const table: Table = {
  vendor: [2, text, 'required'],
  model: [3, text, 'required'],
  gen: [4, uint, 'required'],
  seq: [5, uint, 'required'],
  version: [6, text, 'required'],
  size: [7, uint, 'required'],
  sha256: [8, bytes(32), 'required'],
  digests: [9, digests, 'optional'],
  chunkLog2: [10, uintIn(CHUNK_LOG2_LEAST, CHUNK_LOG2_MOST), 'required'],
  root: [11, bytes(32), 'required'],
  precursor: [12, precursor, 'optional'],
  format: [13, oneOf(0, 1), 'required'],
  deltaSize: [14, uint, 'optional'],
  deltaSha256: [15, bytes(32), 'optional'],
  expiry: [16, uint, 'required'],
  component: [17, component, 'required'],
  setDigest: [18, bytes(32), 'optional'],
  sbom: [19, bytes(32), 'optional'],
  bootloader: [20, uint, 'optional'],
};
const rules = Object.entries(table) as unknown as readonly [
  keyof Manifest,
  readonly [number, Shape<unknown>, Presence],
][];
const schema = oneOf(1);
const known = new Set([SCHEMA_KEY, ...rules.map(([, [key]]) => key)]);

/** What is transferred: the image, or its delta (§6.6). */
export interface Transfer {
  readonly size: number;
  readonly sha256: Uint8Array;
  /** Number of chunks, 0 for an empty object. */
  readonly chunks: number;
}

/** The object whose chunks, digest and size a delivery of this manifest has. */
export function transferOf(manifest: Manifest): Transfer {
  const { size, sha256 } =
    manifest.format === 0
      ? manifest
      : { size: manifest.deltaSize ?? 0, sha256: manifest.deltaSha256 ?? manifest.sha256 };
  return { size, sha256, chunks: Math.ceil(size / 2 ** manifest.chunkLog2) };
}

function checkWhole(manifest: Manifest): void {
  const delta = manifest.format === 1;
  const given = [manifest.deltaSize, manifest.deltaSha256];
  if (given.some((field) => (field !== undefined) !== delta)) {
    throw new WireError(
      'WIRE_SHAPE',
      'manifest: expected keys 14 and 15 with format 1 and only then',
    );
  }
  if (delta && manifest.precursor === undefined) {
    throw new WireError('WIRE_SHAPE', 'manifest: expected a precursor (12) with format 1');
  }
  if (transferOf(manifest).chunks > U32_MAX) {
    throw new WireError('WIRE_RANGE', `manifest: expected at most ${U32_MAX} chunks`);
  }
}

function checkUnknown(map: ReadonlyMap<number, CborValue>): void {
  for (const key of map.keys()) {
    if (!known.has(key) && (key < 64 || key > 255)) {
      throw new WireError('WIRE_SHAPE', `manifest: key ${key} is not known and not in 64..255`);
    }
  }
}

/**
 * @returns the payload that the vendor signs
 * @throws {@link RangeError} when a field is not as §7.2 says, or the whole is larger than 4096 bytes
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const map = new Map<number, CborValue>([[SCHEMA_KEY, 1]]);
  for (const [name, [key, shape, presence]] of rules) {
    const value = manifest[name];
    if (value !== undefined || presence === 'required') {
      map.set(key, writeShape(shape, value, `manifest.${name}`));
    }
  }
  const payload = encodeCbor(map);
  try {
    checkWhole(manifest);
    checkSize(payload);
  } catch (error) {
    throw new RangeError('manifest: fields do not fit one another', { cause: error });
  }
  return payload;
}

function checkSize(payload: Uint8Array): void {
  if (payload.length > MANIFEST_BYTES) {
    throw new WireError(
      'WIRE_RANGE',
      `manifest: expected at most ${MANIFEST_BYTES} bytes, got ${payload.length}`,
    );
  }
}

/**
 * Decodes a manifest; keys 64..255 are passed over.
 *
 * @throws {@link WireError} when the payload is not as §7.2 says
 */
export function decodeManifest(payload: Uint8Array): Manifest {
  checkSize(payload);
  const map = decodeCbor(payload);
  if (!isMap(map)) throw new WireError('WIRE_SHAPE', 'manifest: expected a map');
  schema.read(map.get(SCHEMA_KEY) ?? 0, 'manifest.schema');
  checkUnknown(map);
  const fields: [string, unknown][] = [];
  for (const [name, [key, shape, presence]] of rules) {
    const item = map.get(key);
    if (item !== undefined) fields.push([name, shape.read(item, `manifest.${name}`)]);
    else if (presence === 'required') {
      throw new WireError('WIRE_SHAPE', `manifest: expected key ${key} (${name})`);
    }
  }
  const manifest = Object.fromEntries(fields) as unknown as Manifest;
  checkWhole(manifest);
  return manifest;
}
