import * as fc from 'fast-check';
import { decodeJson, encodeJson, sortKeys } from '../../chaincode/src/canonical-json.ts';

const record = fc.dictionary(fc.string(), fc.jsonValue());

it('keeps the value', () => {
  fc.assert(
    fc.property(record, (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(decodeJson(encodeJson(value))).toEqual(plain);
    }),
  );
});

it('gives equal bytes for every order of the keys', () => {
  fc.assert(
    fc.property(record, (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(encodeJson(reversed)).toStrictEqual(encodeJson(value));
    }),
  );
});

it('sorts at every depth and leaves arrays in order', () => {
  const value = { b: [{ d: 1, c: [3, 1, 2] }], a: null };
  expect(JSON.stringify(sortKeys(value))).toBe('{"a":null,"b":[{"c":[3,1,2],"d":1}]}');
});
