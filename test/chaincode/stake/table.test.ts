import fc from 'fast-check';
import {
  decodeStakeTable,
  encodeStakeTable,
  stakeTableText,
} from '../../../chaincode/src/stake/table.ts';
import { aHolder, aTable } from './tables.ts';

const table = aTable(
  [
    aHolder('AMSP', 2n ** 63n, { coinAge: -(2n ** 70n), skips: 3 }),
    aHolder('BMSP', 5, { barred: true }),
    aHolder('CMSP', 0, { absent: true }),
  ],
  { previous: 'BMSP', epoch: 29_000_000 },
);
const text = stakeTableText(table);
const decodeText = (value: string): unknown => decodeStakeTable(Buffer.from(value));

describe('the stake table', () => {
  it('is read as it was written', () => {
    expect(decodeStakeTable(encodeStakeTable(table))).toEqual(table);
  });

  it('is canonical: sorted keys, no space, shares as decimals', () => {
    expect(text).toMatch(
      /^\{"cap":\{"den":"2","num":"1"\},"docType":"stakeTable","epoch":29000000,/,
    );
    expect(text).toContain('"shares":"9223372036854775808"');
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['an array', '[]'],
    ['null', 'null'],
    ['space', `${text} `],
    ['another order', JSON.stringify({ ...JSON.parse(text), cap: { num: '1', den: '2' } })],
    ['another schema', text.replace('"schema":1', '"schema":2')],
    ['another field', text.replace('"docType"', '"a":1,"docType"')],
    ['a field twice', text.replace('"epoch":29000000', '"epoch":1,"epoch":29000000')],
    ['a field of another case', text.replace('"epoch"', '"Epoch"')],
    ['a missing field', text.replace('"epoch":29000000,', '')],
    ['a number for shares', text.replace('"shares":"5"', '"shares":5')],
    ['leading zeros', text.replace('"shares":"5"', '"shares":"05"')],
    ['negative shares', text.replace('"shares":"5"', '"shares":"-5"')],
    ['shares of 2^64', text.replace('"9223372036854775808"', '"18446744073709551616"')],
    ['an epoch in another form', text.replace('"epoch":29000000', '"epoch":2.9e7')],
    ['an epoch of a half', text.replace('"epoch":29000000', '"epoch":0.5')],
    ['epochs of no length', text.replace('"epochSeconds":60', '"epochSeconds":0')],
    ['a threshold below a half', text.replace(/"threshold":\{"den":"2"/, '"threshold":{"den":"3"')],
    ['a threshold of all', text.replace(/"threshold":\{"den":"2"/, '"threshold":{"den":"1"')],
    ['a cap of nothing', text.replace('"num":"1"}', '"num":"0"}')],
    [
      'a cap above a half',
      text.replace('"cap":{"den":"2","num":"1"}', '"cap":{"den":"3","num":"2"}'),
    ],
    ['an MSP id to escape', text.replaceAll('BMSP', 'B\\u004dSP')],
    ['organisations out of order', text.replaceAll('AMSP', 'ZMSP')],
    ['an organisation twice', text.replaceAll('BMSP', 'AMSP')],
    ['a validator without stake', text.replace('"validator":"AMSP"', '"validator":"DMSP"')],
    ['more shares than issued', text.replace(/"issued":"\d+"/, '"issued":"10"')],
    ['another encoding', text.replaceAll('BMSP', 'Bé')],
  ])('is not there with %s', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(decodeText(changed)).toBeNull();
  });

  it('is not there when it is too long', () => {
    expect(decodeText(text.padEnd(40_000))).toBeNull();
  });

  it('never throws, whatever stands under its key', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json()), (data) => {
        const bytes = typeof data === 'string' ? Buffer.from(data) : data;
        expect(decodeStakeTable(bytes)).toBeNull();
      }),
    );
  });

  it('is unreadable with any one character changed, or reads back as changed', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (index, code) => {
        const changed = text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1);
        const decoded = decodeStakeTable(Buffer.from(changed));
        expect(decoded === null ? changed : stakeTableText(decoded)).toBe(changed);
      }),
    );
  });
});
