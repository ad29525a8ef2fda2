import { decodeSigned, encodeCbor, encodeSigned, type CborValue } from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';

const payload = Uint8Array.of(1, 2, 3);
const keyId = new Uint8Array(16);
const sig = new Uint8Array(64);

describe('signed', () => {
  it('carries a payload and its signatures', () => {
    const signed = {
      payload,
      signatures: [
        { keyId, alg: 1 as const, sig },
        { keyId, alg: 3 as const, sig: new Uint8Array(32) },
      ],
    };
    expect(decodeSigned(encodeSigned(signed))).toEqual(signed);
  });

  const malformed: readonly [string, CborValue, string][] = [
    ['no signature', [payload, []], 'WIRE_SHAPE'],
    ['nine signatures', [payload, new Array<CborValue>(9).fill([keyId, 1, sig])], 'WIRE_SHAPE'],
    ['alg 0', [payload, [[keyId, 0, sig]]], 'WIRE_RANGE'],
    ['alg 4', [payload, [[keyId, 4, sig]]], 'WIRE_RANGE'],
    ['a key id of 15 bytes', [payload, [[new Uint8Array(15), 1, sig]]], 'WIRE_SHAPE'],
    ['a payload that is an array', [[1], [[keyId, 1, sig]]], 'WIRE_SHAPE'],
    ['a third element', [payload, [[keyId, 1, sig]], 0], 'WIRE_SHAPE'],
  ];
  it.each(malformed)('refuses %s', (_, item, code) => {
    expect(refusalOf(() => decodeSigned(encodeCbor(item)))).toEqual({ code, closeCode: 4400 });
  });

  it('does not write an envelope without signatures', () => {
    expect(() => encodeSigned({ payload, signatures: [] })).toThrow(RangeError);
  });
});
