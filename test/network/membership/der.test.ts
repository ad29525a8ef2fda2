import fc from 'fast-check';

import {
  encodeInteger,
  encodeOctetString,
  encodeSequence,
  readInteger,
  readSequence,
} from '../../../network/src/membership/der.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString('hex');

describe('DER', () => {
  it.each([
    ['', '020100'],
    ['00', '020100'],
    ['7f', '02017f'],
    ['80', '02020080'],
    ['000080', '02020080'],
    ['0100', '02020100'],
  ])('encodes the integer %j as %s', (magnitude, encoding) => {
    expect(toHex(encodeInteger(hex(magnitude)))).toBe(encoding);
  });

  it.each([
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('encodes a length of %d minimally', (length, prefix) => {
    const encoding = encodeOctetString(new Uint8Array(length));
    expect(toHex(encoding.subarray(0, prefix.length / 2))).toBe(prefix);
    expect(encoding).toHaveLength(length + prefix.length / 2);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (left, right, rest) => {
        const encoding = encodeSequence(encodeInteger(left), encodeInteger(right));
        const sequence = readSequence(new Uint8Array(Buffer.concat([encoding, rest])));
        expect(toHex(sequence?.encoding)).toBe(toHex(encoding));
        expect(toHex(sequence?.rest)).toBe(toHex(rest));
        const first = readInteger(sequence!.content);
        const second = readInteger(first!.rest);
        expect(toHex(encodeInteger(first!.content))).toBe(toHex(encodeInteger(left)));
        expect(toHex(encodeInteger(second!.content))).toBe(toHex(encodeInteger(right)));
        expect(second?.rest).toHaveLength(0);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a lone tag', '30'],
    ['another tag', '020100'],
    ['a truncated content', '3003020100'.slice(0, 8)],
    ['an indefinite length', '30800201000000'],
    ['a long form below 128', '308103020100'],
    ['a length with a leading zero', '30820003020100'],
    ['a length of five octets', '30850000000003020100'],
    ['a truncated length', '3082'],
  ])('takes %s for no sequence', (_, text) => {
    expect(readSequence(hex(text))).toBeUndefined();
  });

  it.each([
    ['an empty one', '0200'],
    ['a negative one', '020180'],
    ['a padded one', '02020001'],
    ['a padded zero', '02020000'],
    ['an octet string', '040101'],
  ])('takes %s for no integer', (_, text) => {
    expect(readInteger(hex(text))).toBeUndefined();
  });
});
