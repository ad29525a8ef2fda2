/**
 * CBOR (RFC 8949) in core deterministic encoding and only the subset of docs/protocol.md §1: unsigned integers up to
 * 2^53 - 1, byte strings, printable ASCII text, arrays, maps with ascending unsigned keys, false, true. Whatever else
 * comes is refused, and nothing is allocated from a declared length before the bytes are there.
 */
import { WireError } from './errors.ts';
import { CBOR_ARRAY_ELEMENTS, CBOR_DEPTH, CBOR_MAP_PAIRS, UINT_MAX } from './limits.ts';

/** What the subset can say. */
export type CborValue =
  number | string | boolean | Uint8Array | readonly CborValue[] | ReadonlyMap<number, CborValue>;

const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const FALSE = 0xf4;
const TRUE = 0xf5;

/** Printable ASCII, 0x20..0x7e (§1). */
export function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function be(value: number, length: number): number[] {
  const bytes = new Array<number>(length);
  let rest = value;
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

function head(major: number, value: number): number[] {
  const type = major << 5;
  if (value < 24) return [type | value];
  if (value < 0x100) return [type | 24, value];
  if (value < 0x1_0000) return [type | 25, ...be(value, 2)];
  if (value < 0x1_0000_0000) return [type | 26, ...be(value, 4)];
  return [type | 27, ...be(value, 8)];
}

function uintHead(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected an unsigned integer up to 2^53 - 1, got ${value}`);
  }
  return Uint8Array.from(head(UINT, value));
}

class Writer {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  bytes(): Uint8Array {
    const joined = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  item(value: CborValue, depth: number): void {
    if (typeof value === 'number') this.#push(uintHead(value));
    else if (typeof value === 'boolean') this.#push(Uint8Array.of(value ? TRUE : FALSE));
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) {
      this.#push(Uint8Array.from(head(BYTES, value.length)));
      this.#push(value);
    } else this.#collection(value, depth);
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  #text(value: string): void {
    if (!isPrintableAscii(value)) throw new RangeError('expected printable ASCII text');
    this.#push(Uint8Array.from(head(TEXT, value.length)));
    this.#push(Uint8Array.from(value, (character) => character.charCodeAt(0)));
  }

  #collection(value: readonly CborValue[] | ReadonlyMap<number, CborValue>, depth: number): void {
    if (depth >= CBOR_DEPTH) {
      throw new RangeError(`expected at most ${CBOR_DEPTH} arrays or maps inside one another`);
    }
    if (value instanceof Map) this.#map(value as ReadonlyMap<number, CborValue>, depth);
    else if (Array.isArray(value)) this.#array(value as readonly CborValue[], depth);
    else throw new TypeError('expected a number, string, boolean, Uint8Array, array or Map');
  }

  #array(items: readonly CborValue[], depth: number): void {
    if (items.length > CBOR_ARRAY_ELEMENTS) {
      throw new RangeError(`expected at most ${CBOR_ARRAY_ELEMENTS} elements, got ${items.length}`);
    }
    this.#push(Uint8Array.from(head(ARRAY, items.length)));
    for (const item of items) this.item(item, depth + 1);
  }

  #map(map: ReadonlyMap<number, CborValue>, depth: number): void {
    if (map.size > CBOR_MAP_PAIRS) {
      throw new RangeError(`expected at most ${CBOR_MAP_PAIRS} pairs, got ${map.size}`);
    }
    this.#push(Uint8Array.from(head(MAP, map.size)));
    // Numeric order of unsigned keys is the bytewise order of their encodings (RFC 8949 §4.2.1).
    for (const [key, value] of [...map].sort(([a], [b]) => a - b)) {
      this.#push(uintHead(key));
      this.item(value, depth + 1);
    }
  }
}

/**
 * Encodes a value; map keys are put into ascending order.
 *
 * @throws {@link RangeError} for a number, text, size or depth outside the subset of §1
 * @throws {@link TypeError} for a value of another type
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new Writer();
  writer.item(value, 0);
  return writer.bytes();
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new WireError(
        'CBOR_TRAILING_BYTES',
        `expected the item to end at byte ${this.#at}, got ${this.#bytes.length} bytes`,
      );
    }
  }

  item(depth: number): CborValue {
    const initial = this.#take(1)[0] ?? 0;
    if (initial === FALSE || initial === TRUE) return initial === TRUE;
    const major = initial >> 5;
    switch (major) {
      case UINT:
        return this.#argument(initial);
      case BYTES:
        // Not slice(): a Buffer's shares memory.
        return new Uint8Array(this.#take(this.#argument(initial)));
      case TEXT:
        return this.#text(this.#argument(initial));
      case ARRAY:
        return this.#array(this.#argument(initial), depth);
      case MAP:
        return this.#map(this.#argument(initial), depth);
      default:
        throw new WireError(
          'CBOR_TYPE_NOT_ALLOWED',
          `expected an item of the subset at byte ${this.#at - 1}, got initial byte ${initial}`,
        );
    }
  }

  /** A view of the next bytes: the length is compared before anything is made of it. */
  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      throw new WireError(
        'CBOR_TRUNCATED',
        `expected ${length} bytes at byte ${this.#at}, got ${this.#bytes.length - this.#at}`,
      );
    }
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** The argument of a head (RFC 8949 §3), refused when a shorter head could have said it. */
  #argument(initial: number): number {
    const info = initial & 0x1f;
    if (info < 24) return info;
    if (info > 27) {
      throw new WireError(
        'CBOR_TYPE_NOT_ALLOWED',
        `expected a definite length, got additional information ${info}`,
      );
    }
    const length = 1 << (info - 24);
    const value = this.#take(length).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value > UINT_MAX) {
      throw new WireError('CBOR_INTEGER_TOO_LARGE', 'expected an integer up to 2^53 - 1');
    }
    const least = length === 1 ? 24 : 2 ** (length * 4);
    if (value < least) {
      throw new WireError(
        'CBOR_NOT_SHORTEST',
        `expected the shortest head, got ${length} bytes for ${value}`,
      );
    }
    return value;
  }

  #text(length: number): string {
    const text = String.fromCharCode(...this.#checkedAscii(this.#take(length)));
    return text;
  }

  #checkedAscii(bytes: Uint8Array): Uint8Array {
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) {
      throw new WireError('CBOR_TEXT_NOT_ASCII', 'expected text of bytes 0x20..0x7e');
    }
    return bytes;
  }

  #array(length: number, depth: number): CborValue[] {
    this.#enter(length, CBOR_ARRAY_ELEMENTS, depth);
    const items: CborValue[] = [];
    while (items.length < length) items.push(this.item(depth + 1));
    return items;
  }

  #map(size: number, depth: number): Map<number, CborValue> {
    this.#enter(size, CBOR_MAP_PAIRS, depth);
    const map = new Map<number, CborValue>();
    let previous = -1;
    while (map.size < size) {
      const initial = this.#take(1)[0] ?? 0;
      const key = initial >> 5 === UINT ? this.#argument(initial) : -1;
      if (key <= previous) {
        throw new WireError('CBOR_MAP_KEY', 'expected unsigned map keys in ascending order');
      }
      previous = key;
      map.set(key, this.item(depth + 1));
    }
    return map;
  }

  #enter(length: number, most: number, depth: number): void {
    if (depth >= CBOR_DEPTH) {
      throw new WireError(
        'CBOR_TOO_DEEP',
        `expected at most ${CBOR_DEPTH} arrays or maps inside one another`,
      );
    }
    if (length > most) {
      throw new WireError(
        'CBOR_TOO_MANY_ELEMENTS',
        `expected at most ${most} elements or pairs, got ${length}`,
      );
    }
  }
}

/**
 * Decodes exactly one item. Byte strings of the result are copies.
 *
 * @throws {@link WireError} for anything outside the subset, cut short or followed by more
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  reader.end();
  return value;
}
