/** A certificate out of its PEM text (docs/protocol.md §7.3 item 1). */
import { WireError, certificateOfPem } from '@lamplighter/sdk/wire';
import fc from 'fast-check';
import { pemOf } from '../protocol/proof-fixture.ts';

function codeOf(pem: string): string {
  try {
    certificateOfPem(pem);
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'accepted';
}

const DER = Uint8Array.from({ length: 100 }, (_, at) => at);
const PEM = pemOf(DER);
const around = (body: string): string =>
  `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;

describe('a PEM certificate', () => {
  it('has the bytes that were put in, with either line end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (der) => {
        expect(certificateOfPem(pemOf(der))).toEqual(Uint8Array.from(der));
        expect(certificateOfPem(pemOf(der).replaceAll('\n', '\r\n'))).toEqual(Uint8Array.from(der));
      }),
    );
    expect(certificateOfPem(PEM.trimEnd())).toEqual(DER);
  });

  it.each([
    ['nothing', ''],
    ['no frame', Buffer.from(DER).toString('base64')],
    ['text before', `subject=peer\n${PEM}`],
    ['text after', `${PEM}more`],
    ['two certificates', PEM + PEM],
    ['a key', PEM.replaceAll('CERTIFICATE', 'PUBLIC KEY')],
    ['an empty body', around('')],
    ['a header field', around('Proc-Type: 4\n\nAAAA')],
    ['a space in it', around('AA AA')],
    ['another alphabet', around('__--')],
    ['an odd length', around('AAA')],
    ['padding inside', around('AA==AAAA')],
    ['padding bits that are not 0', around('AB==')],
    ['16 KiB of it', around('A'.repeat(16_384))],
  ])('is not %s', (_, pem) => {
    expect(codeOf(pem)).toBe('PEM_MALFORMED');
  });

  it('is refused by its code whatever the text', () => {
    fc.assert(
      fc.property(fc.nat(PEM.length), fc.string({ maxLength: 3 }), (at, text) => {
        const changed = PEM.slice(0, at) + text + PEM.slice(at + 1);
        expect(['accepted', 'PEM_MALFORMED']).toContain(codeOf(changed));
      }),
    );
  });
});
