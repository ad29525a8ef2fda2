import {
  compareValidators,
  decidesInSet,
  decodeValidatorSet,
  encodeCbor,
  encodeValidatorSet,
  sharesOfOrganisations,
  type CborValue,
  type ValidatorSet,
} from '@lamplighter/sdk/wire';
import fc from 'fast-check';
import { outcomeOf, refusalOf } from '../refusal.ts';

const cert = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const key = Uint8Array.of(4, ...new Array<number>(64).fill(7));
const validators = [
  { mspId: 'LunaMSP', cert: cert(1), key, shares: 40 },
  { mspId: 'LunaMSP', cert: cert(2), key, shares: 40 },
  { mspId: 'OrbitMSP', cert: cert(1), key, shares: 60 },
];
const set: ValidatorSet = { epoch: 3, num: 1, den: 2, total: 100, validators };

type Row = [string, Uint8Array, Uint8Array, number];
const rows = (): Row[] =>
  validators.map((each): Row => [each.mspId, each.cert, each.key, each.shares]);
const encoded = (head: readonly CborValue[], entries: CborValue): Uint8Array =>
  encodeCbor([...head, entries]);
const changed = (index: number, at: 0 | 1 | 2 | 3, value: CborValue): CborValue =>
  rows().map((entry, place) =>
    place === index ? entry.map((field, part) => (part === at ? value : field)) : entry,
  );

describe('validator set', () => {
  it('has one form', () => {
    expect(decodeValidatorSet(encodeValidatorSet(set))).toEqual(set);
    expect(encodeValidatorSet(set)).toEqual(encoded([3, 1, 2, 100], rows()));
  });

  it('counts an organisation once', () => {
    expect([...sharesOfOrganisations(set)]).toEqual([
      ['LunaMSP', 40],
      ['OrbitMSP', 60],
    ]);
  });

  it.each([
    [50, 100, 1, 2, false],
    [51, 100, 1, 2, true],
    [66, 99, 2, 3, false],
    [67, 99, 2, 3, true],
    [2 ** 52, Number.MAX_SAFE_INTEGER, 1, 2, true],
    [2 ** 52 - 1, Number.MAX_SAFE_INTEGER, 1, 2, false],
    [100, 100, 1, 1, false],
  ])('%d of %d shares against %d/%d: %s', (shares, total, num, den, expected) => {
    expect(decidesInSet({ ...set, total, num, den }, shares)).toBe(expected);
  });

  it('orders by organisation, then by certificate', () => {
    const [first, second, third] = validators as [
      ValidatorSet['validators'][0],
      ValidatorSet['validators'][0],
      ValidatorSet['validators'][0],
    ];
    expect(compareValidators(first, second)).toBeLessThan(0);
    expect(compareValidators(third, second)).toBeGreaterThan(0);
    expect(compareValidators(first, { ...first, shares: 1 })).toBe(0);
  });

  const malformed: readonly [string, Uint8Array, string][] = [
    ['no entry', encoded([3, 1, 2, 100], []), 'WIRE_SHAPE'],
    ['a threshold below one half', encoded([3, 49, 100, 100], rows()), 'WIRE_SHAPE'],
    ['a threshold above one', encoded([3, 3, 2, 100], rows()), 'WIRE_SHAPE'],
    ['a threshold of 0/0', encoded([3, 0, 0, 100], rows()), 'WIRE_RANGE'],
    ['more shares than there are', encoded([3, 1, 2, 99], rows()), 'WIRE_SHAPE'],
    ['no shares in all', encoded([3, 1, 2, 0], rows()), 'WIRE_RANGE'],
    ['entries in another order', encoded([3, 1, 2, 100], rows().reverse()), 'WIRE_SHAPE'],
    ['a certificate twice', encoded([3, 1, 2, 100], changed(1, 1, cert(1))), 'WIRE_SHAPE'],
    ['two counts of shares', encoded([3, 1, 2, 100], changed(1, 3, 39)), 'WIRE_SHAPE'],
    ['an entry without shares', encoded([3, 1, 2, 100], changed(2, 3, 0)), 'WIRE_RANGE'],
    ['a compressed key', encoded([3, 1, 2, 100], changed(2, 2, cert(2))), 'WIRE_SHAPE'],
    ['a name with a space', encoded([3, 1, 2, 100], changed(2, 0, 'Orbit MSP')), 'WIRE_SHAPE'],
    ['a sixth field', encodeCbor([3, 1, 2, 100, rows(), 0]), 'WIRE_SHAPE'],
    ['bytes after it', Uint8Array.of(...encodeValidatorSet(set), 0), 'CBOR_TRAILING_BYTES'],
  ];
  it.each(malformed)('refuses %s', (_, bytes, code) => {
    expect(refusalOf(() => decodeValidatorSet(bytes))).toEqual({ code, closeCode: 4400 });
  });

  it('does not write what it would not read', () => {
    expect(() => encodeValidatorSet({ ...set, validators: [] })).toThrow(RangeError);
    expect(() => encodeValidatorSet({ ...set, total: 99 })).toThrow(RangeError);
    expect(() => encodeValidatorSet({ ...set, validators: [...validators].reverse() })).toThrow(
      RangeError,
    );
  });

  it('reads any bytes to a set of the same bytes, or refuses', () => {
    const good = encodeValidatorSet(set);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        const outcome = outcomeOf(() => decodeValidatorSet(bytes));
        const again = 'value' in outcome ? encodeValidatorSet(outcome.value) : bytes;
        expect(again).toEqual(bytes);
      }),
    );
  });
});
