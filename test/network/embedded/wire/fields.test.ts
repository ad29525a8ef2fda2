import { common, peer } from '@hyperledger/fabric-protos';
import fc from 'fast-check';

import {
  encodeVarint,
  lengthDelimited,
  plainView,
  varintField,
} from '../../../../network/src/embedded/wire/fields.ts';

describe('hand-written protobuf fields', () => {
  it('writes length-delimited fields as the generated code does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, minLength: 1 }), (payload) => {
        const envelope = new common.Envelope();
        envelope.setPayload(payload);
        expect(Buffer.compare(lengthDelimited(1, payload), envelope.serializeBinary())).toBe(0);
        expect(
          Buffer.compare(
            lengthDelimited(1, payload.subarray(0, 1), payload.subarray(1)),
            envelope.serializeBinary(),
          ),
        ).toBe(0);
      }),
    );
  });

  it('writes integers as the generated code does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fff_ffff }), (version) => {
        const header = new common.ChannelHeader();
        header.setVersion(version);
        expect(Buffer.compare(varintField(2, version), header.serializeBinary())).toBe(0);
      }),
    );
  });

  it('writes integers beyond 32 bits', () => {
    expect([...encodeVarint(2 ** 35)]).toEqual([0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    expect([...encodeVarint(0)]).toEqual([0]);
  });

  it('views the same memory without being a Buffer', () => {
    const bytes = Buffer.from('abcdef').subarray(2, 4);
    const view = plainView(bytes);
    expect(Buffer.isBuffer(view)).toBe(false);
    expect(view.buffer).toBe(bytes.buffer);
    expect(Buffer.from(view).toString()).toBe('cd');
  });

  it('frames a status as a DeliverResponse', () => {
    const response = peer.DeliverResponse.deserializeBinary(varintField(1, 404));
    expect(response.getStatus()).toBe(common.Status.NOT_FOUND);
  });
});
