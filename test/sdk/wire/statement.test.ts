/** The one form of a statement (docs/protocol.md §7.3 item 5). */
import { WireError, parseStatement } from '@lamplighter/sdk/wire';
import fc from 'fast-check';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

function codeOf(input: Uint8Array): string {
  try {
    parseStatement(input);
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a statement', () => {
  it('has its texts and integers by name', () => {
    const statement = parseStatement(bytes('{"a":"","b c":"x/y","epoch":9007199254740991,"n":0}'));
    expect(Object.fromEntries(statement)).toEqual({
      a: '',
      'b c': 'x/y',
      epoch: Number.MAX_SAFE_INTEGER,
      n: 0,
    });
  });

  it.each([
    ['nothing', ''],
    ['no object', '["a"]'],
    ['an empty object', '{}'],
    ['an open object', '{"a":1'],
    ['more after the end', '{"a":1} '],
    ['a second object', '{"a":1}{"a":1}'],
    ['a comma at the end', '{"a":1,}'],
    ['a comma at the start', '{,"a":1}'],
    ['two commas', '{"a":1,,"b":1}'],
    ['no comma', '{"a":1"b":1}'],
    ['a space', '{"a": 1}'],
    ['a line break', '{"a":1\n}'],
    ['keys out of order', '{"b":1,"a":1}'],
    ['a key twice', '{"a":1,"a":1}'],
    ['a key in two cases out of order', '{"a":1,"A":1}'],
    ['a key without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['an escape', '{"a":"\\u0041"}'],
    ['an escaped key', '{"\\u0061":1}'],
    ['a control character', '{"a":"\u0001"}'],
    ['a delete', '{"a":"\u007f"}'],
    ['more than ASCII', '{"a":"é"}'],
    ['a negative integer', '{"a":-1}'],
    ['a plus', '{"a":+1}'],
    ['a leading zero', '{"a":01}'],
    ['a fraction', '{"a":1.0}'],
    ['an exponent', '{"a":1e3}'],
    ['2^53', '{"a":9007199254740992}'],
    ['17 digits', '{"a":10000000000000000}'],
    ['true', '{"a":true}'],
    ['null', '{"a":null}'],
    ['a list', '{"a":[]}'],
    ['an object below', '{"a":{"b":1}}'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['4097 bytes', `{"a":"${'x'.repeat(4089)}"}`],
    ['33 keys', `{${Array.from({ length: 33 }, (_, at) => `"k${String(100 + at)}":1`).join(',')}}`],
  ])('is not %s', (_, text) => {
    expect(codeOf(bytes(text))).toBe('STATEMENT_MALFORMED');
  });

  it('may be 4096 bytes long and have 32 keys', () => {
    expect(codeOf(bytes(`{"a":"${'x'.repeat(4088)}"}`))).toBe('accepted');
    const keys = Array.from({ length: 32 }, (_, at) => `"k${String(100 + at)}":1`);
    expect(codeOf(bytes(`{${keys.join(',')}}`))).toBe('accepted');
  });

  it('is read as JSON would read it, whatever was changed', () => {
    const valid = bytes('{"channel":"city","docType":"releaseProof","epoch":12,"seq":7}');
    fc.assert(
      fc.property(
        fc.nat(valid.length - 1),
        fc.nat(255),
        fc.constantFrom('set', 'insert', 'delete'),
        (at, byte, change) => {
          const changed = [...valid];
          if (change === 'set') changed[at] = byte;
          else if (change === 'insert') changed.splice(at, 0, byte);
          else changed.splice(at, 1);
          const input = Uint8Array.from(changed);
          if (codeOf(input) !== 'accepted') return;
          const json = Buffer.from(input).toString('utf8');
          expect(Object.fromEntries(parseStatement(input))).toEqual(JSON.parse(json));
          // One form only: written again it is the same bytes.
          expect(JSON.stringify(Object.fromEntries(parseStatement(input)))).toBe(json);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is refused by its code whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        expect(['accepted', 'STATEMENT_MALFORMED']).toContain(codeOf(input));
      }),
    );
  });
});
