import { generateKeyPairSync, sign, verify } from 'node:crypto';

import fc from 'fast-check';

import { encodeInteger, encodeSequence } from '../../../network/src/membership/der.ts';
import { signatureForm, toLowS, toLowSDer } from '../../../network/src/membership/ecdsa.ts';

const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
const HALF = '7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8';
const ABOVE_HALF = '7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signRaw = (message: Uint8Array): Uint8Array =>
  sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const der = (r: string, s: string): Uint8Array =>
  encodeSequence(encodeInteger(bytes(r)), encodeInteger(bytes(s)));
const raw = (r: string, s: string): Uint8Array => bytes(r.padStart(64, '0') + s.padStart(64, '0'));

describe('toLowSDer', () => {
  it('makes canonical signatures that verify', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (message) => {
        const signature = toLowSDer(signRaw(message));
        expect(signatureForm(signature)).toBe('canonical');
        expect(verify('sha256', message, publicKey, signature)).toBe(true);
      }),
    );
  });

  it('negates a high s and leaves a low one', () => {
    expect(toLowS(raw('1', ABOVE_HALF))).toEqual(raw('1', HALF));
    expect(toLowS(raw('1', HALF))).toEqual(raw('1', HALF));
  });

  it.each([0, 63, 65])('refuses %d bytes', (length) => {
    expect(() => toLowSDer(new Uint8Array(length))).toThrow(
      new RangeError(`"signature" expected 64 bytes, got ${length}`),
    );
  });
});

describe('signatureForm', () => {
  it('draws the line at half of the order', () => {
    expect(signatureForm(der('01', HALF))).toBe('canonical');
    expect(signatureForm(der('01', ABOVE_HALF))).toBe('high-s');
  });

  it.each([
    ['r of zero', der('00', '01')],
    ['s of zero', der('01', '00')],
    ['r of the order', der(ORDER, '01')],
    ['s of the order', der('01', ORDER)],
    ['a third integer', encodeSequence(...['01', '02', '03'].map((n) => encodeInteger(bytes(n))))],
    ['one integer', encodeSequence(encodeInteger(bytes('01')))],
    ['bytes behind the sequence', Buffer.concat([der('01', '01'), bytes('00')])],
    ['a negative r', bytes('3006020181020101')],
    ['a padded r', bytes('300702020001020101')],
    ['a raw signature', signRaw(new Uint8Array())],
    ['nothing', new Uint8Array()],
  ])('calls %s malformed', (_, signature) => {
    expect(signatureForm(signature)).toBe('malformed');
  });

  it('calls every truncation malformed', () => {
    const signature = toLowSDer(signRaw(bytes('00')));
    for (let length = 0; length < signature.length; length++) {
      expect(signatureForm(signature.subarray(0, length))).toBe('malformed');
    }
  });
});
