/**
 * The rules of the CDDL in docs/protocol.md as values: a {@link Shape} checks an item off the wire and gives it its type,
 * and checks a value on its way out by the same rule. Tables of shapes let the codecs read like the grammar.
 */
import { decodeCbor, encodeCbor, isPrintableAscii, type CborValue } from './cbor.ts';
import { WireError } from './errors.ts';
import { U32_MAX, UINT_MAX } from './limits.ts';

/** One rule of the grammar. `at` names the place for the message of a {@link WireError}. */
export interface Shape<T> {
  read(item: CborValue, at: string): T;
  write(value: T, at: string): CborValue;
}

/** The shapes of an object's properties, in the order of the wire. */
export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

function refuse(at: string, expected: string): never {
  throw new WireError('WIRE_SHAPE', `${at}: expected ${expected}`);
}

function leaf<T extends CborValue>(check: (item: unknown, at: string) => T): Shape<T> {
  return { read: check, write: check };
}

/** An unsigned integer within bounds, both inclusive. */
export function uintIn(least: number, most: number): Shape<number> {
  return leaf((item, at) => {
    if (!Number.isSafeInteger(item)) refuse(at, 'an unsigned integer');
    const value = item as number;
    if (value < least || value > most) {
      throw new WireError('WIRE_RANGE', `${at}: expected ${least}..${most}, got ${value}`);
    }
    return value;
  });
}

export const uint = uintIn(0, UINT_MAX);
export const u32 = uintIn(0, U32_MAX);

/** One of a few integers. */
export function oneOf<const T extends number>(...values: readonly T[]): Shape<T> {
  return leaf((item, at) => {
    const found = values.find((value) => value === item);
    if (found === undefined) {
      throw new WireError('WIRE_RANGE', `${at}: expected one of ${values.join(', ')}`);
    }
    return found;
  });
}

/** A byte string of one of the given lengths, or of any when none is given. */
export function bytes(...lengths: readonly number[]): Shape<Uint8Array> {
  return leaf((item, at) => {
    if (!(item instanceof Uint8Array)) refuse(at, 'a byte string');
    if (lengths.length > 0 && !lengths.includes(item.length)) {
      refuse(at, `${lengths.join(' or ')} bytes, got ${item.length}`);
    }
    return item;
  });
}

export const bool: Shape<boolean> = leaf((item, at) =>
  typeof item === 'boolean' ? item : refuse(at, 'false or true'),
);

/** Text that matches a pattern; `rule` describes it. */
export function textOf(pattern: RegExp, rule: string): Shape<string> {
  return leaf((item, at) =>
    typeof item === 'string' && pattern.test(item) ? item : refuse(at, rule),
  );
}

export const text: Shape<string> = leaf((item, at) =>
  typeof item === 'string' && isPrintableAscii(item) ? item : refuse(at, 'printable ASCII text'),
);

/** Device and manager ids (§1 `id`). */
export const id = textOf(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'an id [a-z0-9][a-z0-9._-]{0,62}');

/** An array of `least` to `most` items of one shape. */
export function list<T>(item: Shape<T>, least: number, most: number): Shape<readonly T[]> {
  const counted = (items: readonly unknown[], at: string): void => {
    if (items.length < least || items.length > most) {
      refuse(at, `${least} to ${most} elements, got ${items.length}`);
    }
  };
  return {
    read(value, at) {
      if (!isList(value)) refuse(at, 'an array');
      counted(value, at);
      return value.map((each, index) => item.read(each, `${at}[${index}]`));
    },
    write(values, at) {
      counted(values, at);
      return values.map((each, index) => item.write(each, `${at}[${index}]`));
    },
  };
}

/** An array of exactly these fields, in this order; the value is an object. */
export function row<T extends object>(fields: Fields<T>): Shape<T> {
  const entries = Object.entries(fields) as [keyof T & string, Shape<unknown>][];
  return {
    read(value, at) {
      if (!isList(value) || value.length !== entries.length) {
        refuse(at, `an array of ${entries.length} elements`);
      }
      const pairs = entries.map(([name, shape], index): [string, unknown] => [
        name,
        shape.read(value[index] ?? false, `${at}.${name}`),
      ]);
      return Object.fromEntries(pairs) as T;
    },
    write(value, at) {
      return entries.map(([name, shape]) => shape.write(value[name], `${at}.${name}`));
    },
  };
}

/** `shape / false`. */
export function orFalse<T>(shape: Shape<T>): Shape<T | false> {
  return {
    read: (item, at) => (item === false ? false : shape.read(item, at)),
    write: (value, at) => (value === false ? false : shape.write(value, at)),
  };
}

/** `shape / false`, where false stands for null. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return {
    read: (item, at) => (item === false ? null : shape.read(item, at)),
    write: (value, at) => (value === null ? false : shape.write(value, at)),
  };
}

export function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

export function isMap(value: CborValue): value is ReadonlyMap<number, CborValue> {
  return value instanceof Map;
}

/**
 * Writes a value by its shape. What does not fit is the caller's mistake, not a peer's.
 *
 * @throws {@link RangeError} naming the field
 */
export function writeShape<T>(shape: Shape<T>, value: T, at: string): CborValue {
  try {
    return shape.write(value, at);
  } catch (error) {
    if (error instanceof WireError) throw new RangeError(error.message, { cause: error });
    throw error;
  }
}

/** The two directions of one object's codec. */
export interface Codec<T> {
  /** @throws {@link RangeError} when a field is not as the CDDL says */
  readonly encode: (value: T) => Uint8Array;
  /** @throws {@link WireError} 4400 */
  readonly decode: (encoded: Uint8Array) => T;
}

/** The codec of an object that is one CBOR item. */
export function codec<T>(shape: Shape<T>, name: string): Codec<T> {
  return {
    encode: (value) => encodeCbor(writeShape(shape, value, name)),
    decode: (encoded) => shape.read(decodeCbor(encoded), name),
  };
}
