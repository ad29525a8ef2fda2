import { common } from '@hyperledger/fabric-protos';

import { decode, required } from '../../../../network/src/embedded/wire/messages.ts';
import { coded } from '../../coded.ts';

describe('decode', () => {
  it('reads a message from a Buffer', () => {
    const envelope = new common.Envelope();
    envelope.setPayload(Buffer.from('x'));
    const read = decode(common.Envelope, Buffer.from(envelope.serializeBinary()), 'Envelope');
    expect(Buffer.from(read.getPayload_asU8()).toString()).toBe('x');
  });

  it.each(['ff', '0aff', '0a05aa', '0b'])('refuses %s', (hex) => {
    expect(() => decode(common.Envelope, Buffer.from(hex, 'hex'), 'Envelope')).toThrow(
      coded('MESSAGE_MALFORMED'),
    );
  });
});

describe('required', () => {
  it('passes a value on and names what is missing', () => {
    expect(required(0, 'a number')).toBe(0);
    expect(() => {
      required(undefined, 'a header');
    }).toThrow(
      expect.objectContaining({
        code: 'MESSAGE_MALFORMED',
        message: 'expected a header, got none',
      }) as Error,
    );
  });
});
