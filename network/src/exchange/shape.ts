/**
 * Reads a decoded CBOR array field by field and refuses every other shape. Hides the checks that all formats between
 * nodes share; the sender controls every value here, so each failure is an EXCHANGE_MALFORMED and never a crash.
 */
import { decodeCbor, type CborValue } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';

const ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** An array of exactly `length` fields whose field 0 is the format's version, 1. */
export class Fields {
  readonly #what: string;
  readonly #items: readonly CborValue[];

  constructor(what: string, value: CborValue, length: number) {
    this.#what = what;
    if (!Array.isArray(value) || value.length !== length) {
      throw malformed(what, `expected an array of ${String(length)} fields`);
    }
    this.#items = value as readonly CborValue[];
  }

  /** Decodes `bytes` and checks length and version. */
  static versioned(what: string, bytes: Uint8Array, length: number): Fields {
    let value: CborValue;
    try {
      value = decodeCbor(bytes);
    } catch (error) {
      throw new ExchangeError('EXCHANGE_MALFORMED', `${what}: not deterministic CBOR`, {
        cause: error,
      });
    }
    const fields = new Fields(what, value, length);
    if (fields.uint(0) !== 1) {
      throw malformed(what, `expected version 1, got ${String(fields.uint(0))}`);
    }
    return fields;
  }

  uint(index: number, maximum = Number.MAX_SAFE_INTEGER): number {
    const value = this.#items[index];
    if (typeof value !== 'number' || value > maximum) {
      throw malformed(this.#what, `field ${String(index)} is no integer up to ${String(maximum)}`);
    }
    return value;
  }

  text(index: number, maximum: number): string {
    const value = this.#items[index];
    if (typeof value !== 'string' || value.length > maximum) {
      throw malformed(this.#what, `field ${String(index)} is no text of up to ${String(maximum)}`);
    }
    return value;
  }

  /** An id as protocol §1 spells it. */
  id(index: number): string {
    const value = this.text(index, 63);
    if (!ID.test(value)) throw malformed(this.#what, `field ${String(index)} is no id`);
    return value;
  }

  /** Exactly `length` bytes, or 1 to 65536 when no length is given. */
  bytes(index: number, length?: number): Uint8Array {
    const value = this.#items[index];
    const wanted = length ?? '1 to 65536';
    if (!(value instanceof Uint8Array)) {
      throw malformed(this.#what, `field ${String(index)} is no byte string of ${String(wanted)}`);
    }
    const fits = length === undefined ? inBounds(value.length) : value.length === length;
    if (!fits) {
      throw malformed(
        this.#what,
        `field ${String(index)}: ${String(value.length)} bytes, expected ${String(wanted)}`,
      );
    }
    return value;
  }

  /** @param wanted names what the length has to fit, for the error */
  bytesWhere(index: number, fits: (length: number) => boolean, wanted: string): Uint8Array {
    const value = this.bytes(index);
    if (fits(value.length)) return value;
    throw malformed(
      this.#what,
      `field ${String(index)}: ${String(value.length)} bytes are not ${wanted}`,
    );
  }

  /** An array of 1 to `maximum` items. */
  list(index: number, maximum: number): readonly CborValue[] {
    const value = this.#items[index];
    if (!Array.isArray(value) || value.length < 1 || value.length > maximum) {
      throw malformed(this.#what, `field ${String(index)} is no list of 1..${String(maximum)}`);
    }
    return value as readonly CborValue[];
  }

  /** Up to `maximum` byte strings of `length`, none at all included. */
  byteStrings(index: number, maximum: number, length: number): readonly Uint8Array[] {
    const value = this.#items[index];
    const right =
      Array.isArray(value) &&
      value.length <= maximum &&
      value.every((item) => item instanceof Uint8Array && item.length === length);
    if (right) return value as readonly Uint8Array[];
    const expected = `up to ${String(maximum)} byte strings of ${String(length)}`;
    throw malformed(this.#what, `field ${String(index)}: expected ${expected}`);
  }
}

function inBounds(length: number): boolean {
  return length >= 1 && length <= 65_536;
}

export function malformed(what: string, problem: string): ExchangeError {
  return new ExchangeError('EXCHANGE_MALFORMED', `${what}: ${problem}`);
}

/** Lists longer than CBOR's 64 items an array travel as groups of up to 64 (protocol §1). */
export function grouped(items: readonly CborValue[]): readonly CborValue[] {
  const groups: CborValue[] = [];
  for (let from = 0; from < items.length; from += GROUP)
    groups.push(items.slice(from, from + GROUP));
  return groups;
}

/** The items of {@link grouped}, refusing any other grouping of the same items. */
export function ungrouped(what: string, groups: readonly CborValue[]): readonly CborValue[] {
  return groups.flatMap((group, index) => {
    const last = index === groups.length - 1;
    if (!Array.isArray(group)) throw malformed(what, `group ${String(index)} is no list`);
    const full = last ? group.length >= 1 && group.length <= GROUP : group.length === GROUP;
    if (!full) throw malformed(what, `group ${String(index)} has ${String(group.length)} items`);
    return group as readonly CborValue[];
  });
}

const GROUP = 64;
