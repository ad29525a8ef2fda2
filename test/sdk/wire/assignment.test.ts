import {
  decodeAssignment,
  decodeCbor,
  decodeChainKey,
  encodeAssignment,
  encodeCbor,
  encodeChainKey,
  type Assignment,
  type CborValue,
} from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';
import { assignmentOf, lightweight } from '../protocol/session-fixture.ts';

const EMPTY = new Uint8Array(0);
const fields = decodeCbor(encodeAssignment(assignmentOf())) as readonly CborValue[];

/** The payload with one element changed, in the order of §2.2. */
function changed(at: number, item: CborValue): Uint8Array {
  return encodeCbor(fields.map((field, index) => (index === at ? item : field)));
}

describe('assignment', () => {
  it.each([
    ['an end node', assignmentOf()],
    ['an end node with a device key', assignmentOf({ dkey: new Uint8Array(32) })],
    ['a later serial', assignmentOf({ serial: 3, prevKid: new Uint8Array(16), epoch: 9 })],
    ['a retirement', assignmentOf({ op: 1, serial: 4 })],
    ['a lightweight node under a chain', lightweight()],
    [
      'a lightweight node under a tree',
      assignmentOf({ class: 1, mauth: 3, mkey: new Uint8Array(52) }),
    ],
    [
      'eight endpoints',
      assignmentOf({ endpoints: new Array<string>(8).fill('wss://m.example/v1/device') }),
    ],
  ])('carries %s', (_, assignment) => {
    expect(decodeAssignment(encodeAssignment(assignment))).toEqual(assignment);
  });

  const malformed: readonly [string, number, CborValue, string][] = [
    ['another version', 0, 2, 'WIRE_RANGE'],
    ['an id in capitals', 1, 'Lamp', 'WIRE_SHAPE'],
    ['a serial in text', 2, '0', 'WIRE_SHAPE'],
    ['op 2', 3, 2, 'WIRE_RANGE'],
    ['an empty manager id', 4, '', 'WIRE_SHAPE'],
    ['a former kid of 8 bytes', 5, new Uint8Array(8), 'WIRE_SHAPE'],
    ['an empty kid', 6, EMPTY, 'WIRE_SHAPE'],
    ['an epoch above u32', 8, 2 ** 32, 'WIRE_RANGE'],
    ['class 2', 9, 2, 'WIRE_RANGE'],
    ['class 1 with mauth 1', 9, 1, 'WIRE_SHAPE'],
    ['mauth 4', 10, 4, 'WIRE_RANGE'],
    ['class 0 with mauth 2', 10, 2, 'WIRE_SHAPE'],
    ['a manager key of 31 bytes', 11, new Uint8Array(31), 'WIRE_SHAPE'],
    ['a device key of 16 bytes', 12, new Uint8Array(16), 'WIRE_SHAPE'],
    ['no endpoint', 13, [], 'WIRE_SHAPE'],
    ['nine endpoints', 13, new Array<string>(9).fill('ws://a/b'), 'WIRE_SHAPE'],
    ['an http endpoint', 13, ['http://a/b'], 'WIRE_SHAPE'],
    ['an endpoint without a path', 13, ['ws://a'], 'WIRE_SHAPE'],
  ];
  it.each(malformed)('refuses %s', (_, at, item, code) => {
    expect(refusalOf(() => decodeAssignment(changed(at, item)))).toEqual({ code, closeCode: 4400 });
  });

  const light = (changes: Partial<Assignment>): Assignment => ({ ...lightweight(), ...changes });
  it.each([
    ['a lightweight node with a device key', light({ dkey: new Uint8Array(32) })],
    ['a tree key of 32 bytes', light({ mauth: 3, mkey: new Uint8Array(32) })],
    ['a chain key that is a signature key', light({ mkey: new Uint8Array(32) })],
    ['an end node under a tree', assignmentOf({ mauth: 3, mkey: new Uint8Array(52) })],
  ])('does not write %s', (_, assignment) => {
    expect(() => encodeAssignment(assignment)).toThrow(RangeError);
  });
});

describe('chain-key', () => {
  const anchor = new Uint8Array(32);

  it.each([64, 4096, 65_536])('carries a chain of %d', (length) => {
    expect(decodeChainKey(encodeChainKey({ length, anchor }))).toEqual({ length, anchor });
  });

  it.each([63, 65_537])('refuses a chain of %d', (length) => {
    expect(() => encodeChainKey({ length, anchor })).toThrow(RangeError);
    expect(refusalOf(() => decodeChainKey(encodeCbor([length, anchor]))).code).toBe('WIRE_RANGE');
  });
});
