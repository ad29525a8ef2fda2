import { decodeProtobuf, WireError, type ProtobufMessage } from '@lamplighter/sdk/wire';
import { common, ledger } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

const point = {
  fields: { 1: { name: 'x', type: 'uint' }, 2: { name: 'label', type: 'text' } },
} as const satisfies ProtobufMessage;
const message = {
  fields: {
    1: { name: 'count', type: 'uint' },
    2: { name: 'data', type: 'bytes' },
    3: { name: 'points', type: point, repeated: true },
    4: { name: 'on', type: 'bool' },
    5: { name: 'origin', type: point },
  },
} as const satisfies ProtobufMessage;

const bytes = (hex: string): Uint8Array =>
  new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function codeOf(hex: string, description: ProtobufMessage = message): string {
  try {
    decodeProtobuf(bytes(hex), description);
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('the protobuf reader', () => {
  it('reads each type, and has proto3’s defaults for what is absent', () => {
    expect(
      decodeProtobuf(bytes('08 96 01  12 02 aa bb  1a 02 08 01  1a 03 12 01 41  20 01'), message),
    ).toEqual({
      count: 150n,
      data: bytes('aabb'),
      points: [
        { x: 1n, label: '' },
        { x: 0n, label: 'A' },
      ],
      on: true,
      origin: null,
    });
  });

  it('reads the largest uint64', () => {
    expect(decodeProtobuf(bytes('08 ff ff ff ff ff ff ff ff ff 01'), message).count).toBe(
      2n ** 64n - 1n,
    );
  });

  it.each([
    ['an unknown field', '30 01', 'PROTOBUF_FIELD'],
    ['a field twice', '08 01 08 01', 'PROTOBUF_FIELD'],
    ['a message twice', '2a 00 2a 00', 'PROTOBUF_FIELD'],
    ['an unknown field below', '2a 02 18 01', 'PROTOBUF_FIELD'],
    ['another wire type', '0a 01 01', 'PROTOBUF_MALFORMED'],
    ['a varint for bytes', '10 01', 'PROTOBUF_MALFORMED'],
    ['a long form of zero', '08 80 00', 'PROTOBUF_MALFORMED'],
    ['a long form of a length', '12 82 00 aa bb', 'PROTOBUF_MALFORMED'],
    ['more than 64 bits', '08 ff ff ff ff ff ff ff ff ff 02', 'PROTOBUF_MALFORMED'],
    ['eleven bytes', '08 ff ff ff ff ff ff ff ff ff ff 01', 'PROTOBUF_MALFORMED'],
    ['a boolean of two', '20 02', 'PROTOBUF_MALFORMED'],
    ['field 0', '00 01', 'PROTOBUF_MALFORMED'],
    ['a cut varint', '08 96', 'PROTOBUF_MALFORMED'],
    ['a cut value', '12 05 aa', 'PROTOBUF_MALFORMED'],
    ['a length beyond all memory', '12 ff ff ff ff 0f aa', 'PROTOBUF_MALFORMED'],
    ['text that is no UTF-8', '2a 03 12 01 ff', 'PROTOBUF_MALFORMED'],
  ])('refuses %s', (_, hex, code) => {
    expect(codeOf(hex)).toBe(code);
  });

  describe('that passes other fields over', () => {
    const lenient = { ...message, others: 'passed-over' } as const satisfies ProtobufMessage;

    it.each([
      ['a varint', '30 01'],
      ['bytes', '32 01 aa'],
      ['eight bytes', '31 00 00 00 00 00 00 00 00'],
      ['four bytes', '35 00 00 00 00'],
    ])('passes %s over', (_, hex) => {
      expect(decodeProtobuf(bytes(`${hex} 08 05`), lenient).count).toBe(5n);
    });

    it.each([
      ['a group', '33 08 01 34', 'PROTOBUF_MALFORMED'],
      ['a cut field', '31 00', 'PROTOBUF_MALFORMED'],
      ['a known field twice', '08 01 08 01', 'PROTOBUF_FIELD'],
    ])('refuses %s', (_, hex, code) => {
      expect(codeOf(hex, lenient)).toBe(code);
    });
  });

  it('reads what Fabric’s own library writes', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), fc.nat(), (channel, data, type) => {
        const header = new common.ChannelHeader();
        header.setType(type);
        header.setChannelId(channel);
        header.setExtension$(data);
        const decoded = decodeProtobuf(new Uint8Array(header.serializeBinary()), {
          fields: {
            1: { name: 'type', type: 'uint' },
            4: { name: 'channelId', type: 'text' },
            7: { name: 'extension', type: 'bytes' },
          },
        });
        expect(decoded.type).toBe(BigInt(type));
        expect(decoded.channelId).toBe(channel);
        expect(Buffer.from(decoded.extension)).toEqual(Buffer.from(data));
      }),
    );
    expect(new ledger.rwset.TxReadWriteSet().serializeBinary()).toHaveLength(0);
  });

  it('throws nothing but WireError, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        expect(codeOf(Buffer.from(data).toString('hex'))).toMatch(/^(accepted|PROTOBUF_[A-Z]+)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
