import fc from 'fast-check';
import {
  acceptBodyCodec,
  acceptCoreCodec,
  decodeFrame,
  encodeCbor,
  encodeFrame,
  equalBytes,
  finishBodyCodec,
  frameNumber,
  helloCoreCodec,
  type CborValue,
  type Frame,
} from '@lamplighter/sdk/wire';
import { outcomeOf, refusalOf } from '../refusal.ts';

const filled = (length: number, byte = 7): Uint8Array => new Uint8Array(length).fill(byte);
const EMPTY = new Uint8Array(0);

const frames: readonly Frame[] = [
  { type: 'hello', core: filled(90), mac0: filled(16) },
  { type: 'accept', core: filled(50), sealed: filled(100) },
  { type: 'finish', sealed: filled(100) },
  { type: 'record', sealed: filled(20) },
  { type: 'content', index: 0xffff_ffff, path: [filled(32), filled(32, 8)], sealed: filled(300) },
  { type: 'notice', total: 20_480, from: 1024, data: filled(1024) },
  { type: 'resync', nd: filled(16), ctr: 2 ** 53 - 1, mac: filled(16) },
];

describe('frames', () => {
  it.each(frames.map((frame) => [frame.type, frame] as const))('carries %s', (_, frame) => {
    expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
  });

  it('numbers them as §1 does', () => {
    expect(Object.values(frameNumber)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  const malformed: readonly [string, CborValue, string][] = [
    ['an integer', 1, 'WIRE_SHAPE'],
    ['a map', new Map([[1, 1]]), 'WIRE_SHAPE'],
    ['an empty array', [], 'FRAME_TYPE_UNKNOWN'],
    ['type 0', [0, filled(3)], 'FRAME_TYPE_UNKNOWN'],
    ['type 8', [8, filled(3)], 'FRAME_TYPE_UNKNOWN'],
    ['type 64, an extension of messages only', [64], 'FRAME_TYPE_UNKNOWN'],
    ['a type in text', ['record', filled(3)], 'FRAME_TYPE_UNKNOWN'],
    ['a record without content', [4], 'WIRE_SHAPE'],
    ['a record with one element more', [4, filled(20), 0], 'WIRE_SHAPE'],
    ['a record of text', [4, 'abc'], 'WIRE_SHAPE'],
    ['a hello with a mac of 15 bytes', [1, filled(90), filled(15)], 'WIRE_SHAPE'],
    ['a content index above u32', [5, 2 ** 32, [], filled(20)], 'WIRE_RANGE'],
    ['a content path of 31 bytes', [5, 0, [filled(31)], filled(20)], 'WIRE_SHAPE'],
    ['a content path that is none', [5, 0, 0, filled(20)], 'WIRE_SHAPE'],
    ['a notice of nothing', [6, 0, 0, filled(1)], 'WIRE_RANGE'],
    ['a notice beyond 20480', [6, 20_481, 0, filled(1)], 'WIRE_RANGE'],
    ['a resync with a nonce of 17 bytes', [7, filled(17), 1, filled(16)], 'WIRE_SHAPE'],
    ['a resync counter that is false', [7, filled(16), false, filled(16)], 'WIRE_SHAPE'],
  ];
  it.each(malformed)('refuses %s', (_, item, code) => {
    expect(refusalOf(() => decodeFrame(encodeCbor(item)))).toEqual({ code, closeCode: 4400 });
  });

  it('refuses to send what it would not take', () => {
    expect(() => encodeFrame({ type: 'hello', core: EMPTY, mac0: filled(15) })).toThrow(RangeError);
    expect(() => encodeFrame({ type: 'content', index: -1, path: [], sealed: EMPTY })).toThrow(
      RangeError,
    );
  });

  it('throws WireError 4400 and nothing else on any bytes', () => {
    const spoilt = fc.tuple(fc.constantFrom(...frames), fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(spoilt, ([frame, place, difference]) => {
        const bytes = encodeFrame(frame);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ difference;
        const outcome = outcomeOf(() => decodeFrame(bytes));
        const right =
          'refusal' in outcome
            ? outcome.refusal.closeCode === 4400
            : equalBytes(encodeFrame(outcome.value), bytes);
        expect(right).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('bodies of the handshake', () => {
  const core = {
    ver: 1,
    suite: 0x0103,
    epoch: 1,
    kid: filled(16),
    mode: 0,
    ctr: 5,
    nd: filled(16, 9),
    ed: filled(32),
    ci: 0,
    fmax: 1280,
  } as const;
  const state = {
    seq: 1,
    sha256: filled(32),
    ivn: 0,
    opensIn: 0,
    flags: 31,
    pending: 0,
    stats: { early: 1, late: 2, badauth: 3, badsig: 4, dup: 5, resync: 6, skipped: 7 },
  };

  it('carries each', () => {
    expect(helloCoreCodec.decode(helloCoreCodec.encode(core))).toEqual(core);
    const acceptCore = { nm: filled(16), em: EMPTY };
    expect(acceptCoreCodec.decode(acceptCoreCodec.encode(acceptCore))).toEqual(acceptCore);
    const acceptBody = { idM: 'manager-1', proof: filled(64) };
    expect(acceptBodyCodec.decode(acceptBodyCodec.encode(acceptBody))).toEqual(acceptBody);
    const finishBody = { idD: 'lamp-1', dsig: filled(64), state };
    expect(finishBodyCodec.decode(finishBodyCodec.encode(finishBody))).toEqual(finishBody);
  });

  const hello = [1, 0x0103, 1, filled(16), 0, 5, filled(16), filled(32), 0, 1280] as const;
  const changes: readonly [string, number, CborValue][] = [
    ['another version', 0, 2],
    ['an epoch above u32', 2, 2 ** 32],
    ['a kid of 15 bytes', 3, filled(15)],
    ['mode 2', 4, 2],
    ['a counter in text', 5, '5'],
    ['an X25519 key of 31 bytes', 7, filled(31)],
    ['fmax 1279', 9, 1279],
    ['fmax 66561', 9, 66_561],
  ];
  it.each(changes)('refuses hello-core with %s', (_, at, item) => {
    const changed = hello.map((field, index) => (index === at ? item : field));
    const refusal = refusalOf(() => helloCoreCodec.decode(encodeCbor(changed)));
    expect(['WIRE_SHAPE', 'WIRE_RANGE']).toContain(refusal.code);
    expect(refusal.closeCode).toBe(4400);
  });

  it.each(['', 'Lamp', '-lamp', 'lamp/1', 'l'.repeat(64)])('refuses the id %p', (idM) => {
    const body = encodeCbor([idM, filled(64)]);
    expect(refusalOf(() => acceptBodyCodec.decode(body)).code).toBe('WIRE_SHAPE');
  });

  it('refuses flags above 31 and a signature of 63 bytes', () => {
    const flags = { idD: 'lamp-1', dsig: EMPTY, state: { ...state, flags: 32 } };
    expect(() => finishBodyCodec.encode(flags)).toThrow(RangeError);
    const dsig = { idD: 'lamp-1', dsig: filled(63), state };
    expect(() => finishBodyCodec.encode(dsig)).toThrow(RangeError);
  });
});
