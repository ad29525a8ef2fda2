import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { hashes, hkdfExpand, hmac } from '@lamplighter/sdk/crypto';

const bytes = fc.uint8Array({ maxLength: 200 });

describe.each([
  ['sha256', 'sha256'],
  ['sha512', 'sha512'],
  ['sha3-256', 'sha3-256'],
] as const)('HMAC with %s', (name, node) => {
  it('is that of Node, for keys shorter and longer than a block', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, message) => {
        const expected = createHmac(node, key).update(message).digest();
        expect(Buffer.from(hmac(hashes[name], key, message)).equals(expected)).toBe(true);
      }),
    );
  });

  it('leaves key and message as they were', () => {
    const key = new Uint8Array(300).fill(7);
    const message = new Uint8Array(10).fill(8);
    hmac(hashes[name], key, message);
    expect([key, message].flatMap((each) => [...each])).toEqual([
      ...Array<number>(300).fill(7),
      ...Array<number>(10).fill(8),
    ]);
  });
});

describe('HKDF-Expand', () => {
  it('is that of Node', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 400 }), (secret, info, length) => {
        const prk = hmac(hashes.sha256, new Uint8Array(32), secret);
        const expected = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(32), info, length));
        expect(Buffer.from(hkdfExpand(hashes.sha256, prk, info, length)).equals(expected)).toBe(
          true,
        );
      }),
    );
  });

  it('gives at most 255 blocks, and none', () => {
    const key = new Uint8Array(32);
    expect(hkdfExpand(hashes['lsh-256-256'], key, key, 255 * 32)).toHaveLength(8_160);
    expect(() => hkdfExpand(hashes['lsh-256-256'], key, key, 255 * 32 + 1)).toThrow(RangeError);
    expect(hkdfExpand(hashes.sha256, key, key, 0)).toHaveLength(0);
  });
});
