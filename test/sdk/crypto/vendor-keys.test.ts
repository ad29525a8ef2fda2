import { nextKv, pskOf, vendorKeyAt, vendorMacKey } from '@lamplighter/sdk/crypto';
import { refusalOf } from '../refusal.ts';

const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

describe('keys of vendor and device', () => {
  it('step forward to a serial, and leave the one held as it is', () => {
    const held = { kv: filled(1), kvN: 3 };
    expect(vendorKeyAt(held, 3)).toEqual(held);
    expect(vendorKeyAt(held, 5)).toEqual({ kv: nextKv(nextKv(filled(1))), kvN: 5 });
    expect(held.kv).toEqual(filled(1));
    expect(vendorKeyAt(held, 3 + 1024).kvN).toBe(1027);
  });

  it('leave a Buffer as it is, and share no memory with it', () => {
    const kv = Buffer.alloc(32, 1);
    const stepped = vendorKeyAt({ kv, kvN: 3 }, 4);
    expect(Buffer.alloc(32, 1).equals(kv)).toBe(true);
    const same = vendorKeyAt({ kv, kvN: 3 }, 3);
    kv.fill(0);
    expect(same.kv).toEqual(filled(1));
    expect(stepped.kv).toEqual(nextKv(filled(1)));
  });

  it.each([0, 2, 3 + 1025])('do not go to serial %d from 3', (serial) => {
    expect(refusalOf(() => vendorKeyAt({ kv: filled(1), kvN: 3 }, serial))).toEqual({
      code: 'SERIAL_OUT_OF_RANGE',
    });
  });

  it('differ by purpose, device and assignment', () => {
    const keys = [
      nextKv(filled(1)),
      vendorMacKey(filled(1), 'soil-1'),
      vendorMacKey(filled(1), 'soil-2'),
      pskOf(filled(1), filled(2)),
      pskOf(filled(1), filled(3)),
    ].map((key) => Buffer.from(key).toString('hex'));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
