import { decode as decodeByOther, encode as encodeByOther } from 'cbor2';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual as same } from 'node:util';
import fc from 'fast-check';
import { decodeCbor, encodeCbor, type CborValue } from '@lamplighter/sdk/wire';
import { outcomeOf, refusalOf, type Refusal } from '../refusal.ts';

interface Vectors {
  readonly cbor: {
    readonly accepted: readonly { name: string; hex: string }[];
    readonly refused: readonly { name: string; hex: string; code: string }[];
  };
}

const file = join(__dirname, '../../vectors/lamplighter-0x0103.json');
const { cbor } = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Any value of the subset, not deeper than allowed. */
const ascii = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
});
const leaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.boolean(),
  ascii,
  fc.uint8Array({ maxLength: 300 }),
);
function nested(depth: number): fc.Arbitrary<CborValue> {
  if (depth === 0) return leaf;
  const inner = nested(depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(inner, { maxLength: 6 }) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(fc.maxSafeNat(), inner), { maxLength: 5 })
        .map((pairs) => new Map(pairs)),
    },
  );
}
const value = nested(4);

/** Maps in ascending order of keys, as they come back. */
function sorted(item: CborValue): CborValue {
  if (item instanceof Map) {
    const pairs = [...(item as ReadonlyMap<number, CborValue>)].sort(([a], [b]) => a - b);
    return new Map(pairs.map(([key, each]) => [key, sorted(each)]));
  }
  return Array.isArray(item) ? (item as CborValue[]).map(sorted) : item;
}

/** True when both this encoder and the other decoder agree that `bytes` say `value`. */
function isFaithful(value: CborValue, bytes: Uint8Array): boolean {
  const again = Buffer.from(encodeCbor(value));
  return again.equals(bytes) && same(decodeByOther(bytes, { preferMap: true }), value);
}

function isOfWire(refusal: Refusal): boolean {
  return refusal.code.startsWith('CBOR_') && refusal.closeCode === 4400;
}

describe('decodeCbor', () => {
  it.each(cbor.accepted)('accepts $name and encodes it to the same bytes', ({ hex }) => {
    const decoded = decodeCbor(bytesOf(hex));
    expect(Buffer.from(encodeCbor(decoded)).toString('hex')).toBe(hex);
  });

  it.each(cbor.refused)('refuses $name', ({ hex, code }) => {
    expect(refusalOf(() => decodeCbor(bytesOf(hex)))).toEqual({ code, closeCode: 4400 });
  });

  it('allocates nothing from a declared length', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 100; round += 1) {
      refusalOf(() => decodeCbor(bytesOf('5b001fffffffffffff')));
      refusalOf(() => decodeCbor(bytesOf('5a7fffffff')));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('returns copies of byte strings', () => {
    const encoded = bytesOf('4401020304');
    const decoded = decodeCbor(encoded);
    encoded.fill(0xff);
    expect(decoded).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(value, (item) => {
        expect(decodeCbor(encodeCbor(item))).toEqual(sorted(item));
      }),
      { numRuns: 500 },
    );
  });

  it('agrees with another implementation on the encoding', () => {
    const options = { cde: true, collapseBigInts: true } as const;
    fc.assert(
      fc.property(value, (item) => {
        expect(Buffer.from(encodeCbor(item)).equals(encodeByOther(item, options))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('throws WireError and nothing else on any bytes, and finds what another decoder finds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const outcome = outcomeOf(() => decodeCbor(bytes));
        expect(
          'refusal' in outcome ? isOfWire(outcome.refusal) : isFaithful(outcome.value, bytes),
        ).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every cut of an encoding, and every byte after it', () => {
    fc.assert(
      fc.property(value, (item) => {
        const whole = encodeCbor(item);
        const cut = whole.subarray(0, whole.length - 1);
        expect(refusalOf(() => decodeCbor(cut)).code).toBe('CBOR_TRUNCATED');
        const longer = Uint8Array.of(...whole, 0);
        expect(refusalOf(() => decodeCbor(longer)).code).toBe('CBOR_TRAILING_BYTES');
      }),
      { numRuns: 200 },
    );
  });
});

describe('encodeCbor', () => {
  it.each([
    ['a negative number', -1],
    ['a fraction', 1.5],
    ['not a number', Number.NaN],
    ['2^53', 2 ** 53],
    ['text outside ASCII', 'ü'],
    ['text with a control character', 'a\n'],
    ['a negative map key', new Map([[-1, 0]])],
    ['65 elements', new Array<number>(65).fill(0)],
    ['33 pairs', new Map(Array.from({ length: 33 }, (_, key): [number, number] => [key, 0]))],
    ['5 arrays inside one another', [[[[[]]]]]],
  ])('refuses %s', (_, item) => {
    expect(() => encodeCbor(item as CborValue)).toThrow(RangeError);
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a plain object', {}],
    ['a bigint', 1n],
  ])('refuses %s', (_, item) => {
    expect(() => encodeCbor(item as CborValue)).toThrow(TypeError);
  });
});

it('gives byte strings of their own, from a Buffer as well', () => {
  const encoded = Buffer.from('43010203', 'hex');
  const decoded = decodeCbor(encoded);
  encoded.fill(0);
  expect(decoded).toEqual(Uint8Array.of(1, 2, 3));
});
