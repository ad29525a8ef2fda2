import {
  decodeProofSet,
  decodeValidatorLink,
  encodeCbor,
  encodeProofSet,
  encodeValidatorLink,
  type CborValue,
} from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';

const part = (byte: number): Uint8Array => new Uint8Array(3).fill(byte);
const response = {
  chdr: part(1),
  shdr: part(2),
  ccpp: part(3),
  payload: part(4),
  endorser: part(5),
  sig: part(6),
};
const item: CborValue = [part(1), part(2), part(3), part(4), part(5), part(6)];
const sibling = new Uint8Array(32).fill(9);
const many = <T>(length: number, value: T): T[] => new Array<T>(length).fill(value);

describe('proof set', () => {
  it('carries a path and responses', () => {
    const proof = { path: [{ left: true, sibling }], responses: [response, response] };
    expect(decodeProofSet(encodeProofSet(proof))).toEqual(proof);
    expect(encodeProofSet(proof)).toEqual(encodeCbor([[[true, sibling]], [item, item]]));
  });

  const malformed: readonly [string, CborValue, string][] = [
    ['no response', [[], []], 'WIRE_SHAPE'],
    ['33 responses', [[], many(33, item)], 'WIRE_SHAPE'],
    ['a path of 17 steps', [many(17, [true, sibling]), [item]], 'WIRE_SHAPE'],
    ['a side that is a number', [[[1, sibling]], [item]], 'WIRE_SHAPE'],
    ['a sibling of 31 bytes', [[[true, sibling.slice(1)]], [item]], 'WIRE_SHAPE'],
    ['a response of five parts', [[], [[...many(5, part(1))]]], 'WIRE_SHAPE'],
    ['a response with text in it', [[], [[...many(5, part(1)), 'sig']]], 'WIRE_SHAPE'],
    ['a third element', [[], [item], 0], 'WIRE_SHAPE'],
  ];
  it.each(malformed)('refuses %s', (_, value, code) => {
    expect(refusalOf(() => decodeProofSet(encodeCbor(value)))).toEqual({ code, closeCode: 4400 });
  });

  it('does not write a proof without responses', () => {
    expect(() => encodeProofSet({ path: [], responses: [] })).toThrow(RangeError);
  });
});

describe('link', () => {
  it('carries a set as bytes', () => {
    const link = { set: part(8), responses: [response] };
    expect(decodeValidatorLink(encodeValidatorLink(link))).toEqual(link);
  });

  it.each<[string, CborValue]>([
    ['no response', [part(8), []]],
    ['a set that is an array', [[1], [item]]],
    ['one element', [part(8)]],
  ])('refuses %s', (_, value) => {
    expect(refusalOf(() => decodeValidatorLink(encodeCbor(value)))).toEqual({
      code: 'WIRE_SHAPE',
      closeCode: 4400,
    });
  });
});
