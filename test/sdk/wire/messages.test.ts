import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeCbor,
  decodeMessage,
  encodeCbor,
  encodeMessage,
  equalBytes,
  messageNumber,
  type CborValue,
  type Extension,
  type Message,
} from '@lamplighter/sdk/wire';
import { outcomeOf, refusalOf, type Refusal } from '../refusal.ts';

const file = join(__dirname, '../../vectors/lamplighter-0x0103.json');
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly messages: readonly { value: { type: Message['type'] }; hex: string }[];
};
const messages = vectors.messages.map(
  ({ value, hex }) => [value.type, Uint8Array.from(Buffer.from(hex, 'hex'))] as const,
);

function fieldsOf(bytes: Uint8Array): CborValue[] {
  return [...(decodeCbor(bytes) as readonly CborValue[])];
}

function isFaithful(message: Message | Extension, bytes: Uint8Array): boolean {
  return message.type === 'extension' || equalBytes(encodeMessage(message), bytes);
}

function isOfWire(refusal: Refusal): boolean {
  return /^(?:CBOR|WIRE|MESSAGE)_/.test(refusal.code);
}

describe('messages', () => {
  it.each(messages)('carries %s', (type, bytes) => {
    const message = decodeMessage(bytes);
    expect(message.type).toBe(type);
    expect(encodeMessage(message as Message)).toEqual(bytes);
  });

  it('knows every type of §1', () => {
    expect(new Set(messages.map(([type]) => type))).toEqual(new Set(Object.keys(messageNumber)));
  });

  it.each(messages)('refuses %s with an element less or more', (_, bytes) => {
    const fields = fieldsOf(bytes);
    const expected = { code: 'WIRE_SHAPE', closeCode: 4402 };
    expect(refusalOf(() => decodeMessage(encodeCbor(fields.slice(0, -1))))).toEqual(expected);
    expect(refusalOf(() => decodeMessage(encodeCbor([...fields, 0])))).toEqual(expected);
  });

  it.each(messages)('refuses %s with any field of another type', (_, bytes) => {
    const fields = fieldsOf(bytes);
    for (let at = 1; at < fields.length; at += 1) {
      const changed = fields.map((field, index) => (index === at ? new Map() : field));
      const refusal = refusalOf(() => decodeMessage(encodeCbor(changed)));
      expect(['WIRE_SHAPE', 'WIRE_RANGE']).toContain(refusal.code);
      expect(refusal.closeCode).toBe(4402);
    }
  });

  const digest = new Uint8Array(32);
  const outOfRange: readonly [string, CborValue][] = [
    ['mon-set with FTI 9', [11, 1, 9, 1, 10]],
    ['mon-set with FTI above 30 days', [11, 1, 2_592_001, 1, 10]],
    ['mon-set with RTI 0', [11, 1, 10, 0, 10]],
    ['mon-set with RTI above a day', [11, 1, 10, 86_401, 10]],
    ['mon-set with UTI above a year', [11, 1, 10, 1, 31_536_001]],
    ['want with credit 0', [20, digest, 0, 0, true]],
    ['want with credit 257', [20, digest, 0, 257, true]],
    ['upd-none with why 4', [17, 4, false]],
    ['push of kind 0', [32, [0, digest, 1]]],
    ['push of kind 9', [32, [9, digest, 1]]],
    ['mon-req-l with mode 2', [9, 1, digest, 2, digest]],
  ];
  it.each(outOfRange)('refuses %s', (_, item) => {
    expect(refusalOf(() => decodeMessage(encodeCbor(item)))).toEqual({
      code: 'WIRE_RANGE',
      closeCode: 4402,
    });
  });

  it('refuses to send what it would not take', () => {
    const set: Message = { type: 'mon-set', ivn: 1, fti: 9, rti: 1, uti: 10 };
    expect(() => encodeMessage(set)).toThrow(RangeError);
    const head: Message = { type: 'head', sha256: digest, cek: new Uint8Array(31), from: 0 };
    expect(() => encodeMessage(head)).toThrow(RangeError);
  });

  it.each([64, 100, 127])('passes over an unknown type %d', (number) => {
    expect(decodeMessage(encodeCbor([number, 'anything', [1]]))).toEqual({
      type: 'extension',
      number,
    });
  });

  it.each([4, 7, 13, 26, 35, 62, 128, 2 ** 53 - 1])('closes 4400 on unknown type %d', (number) => {
    expect(refusalOf(() => decodeMessage(encodeCbor([number])))).toEqual({
      code: 'MESSAGE_TYPE_UNKNOWN',
      closeCode: 4400,
    });
  });

  it.each([
    ['bytes that do not decode', 'ff', 'CBOR_TYPE_NOT_ALLOWED'],
    ['nothing', '', 'CBOR_TRUNCATED'],
    ['no array', '03', 'WIRE_SHAPE'],
    ['an empty array', '80', 'WIRE_SHAPE'],
    ['a type in text', '816161', 'WIRE_SHAPE'],
    ['an extension with a byte after it', '81184000', 'CBOR_TRAILING_BYTES'],
  ])('closes 4402 on %s', (_, hex, code) => {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    expect(refusalOf(() => decodeMessage(bytes))).toEqual({ code, closeCode: 4402 });
  });

  it('throws WireError and nothing else on spoilt messages', () => {
    const one = fc.constantFrom(...messages.map(([, bytes]) => bytes));
    fc.assert(
      fc.property(one, fc.nat(), fc.integer({ min: 1, max: 255 }), (whole, place, difference) => {
        const bytes = whole.slice();
        const at = place % Math.min(bytes.length, 300);
        bytes[at] = (bytes[at] ?? 0) ^ difference;
        const outcome = outcomeOf(() => decodeMessage(bytes));
        expect(
          'refusal' in outcome ? isOfWire(outcome.refusal) : isFaithful(outcome.value, bytes),
        ).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
