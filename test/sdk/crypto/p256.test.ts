import { p256Verify } from '@lamplighter/sdk/crypto';
import { p256 } from '@noble/curves/nist.js';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

const ORDER = p256.Point.Fn.ORDER;
const message = Buffer.from('payload || endorser');

function keyPair(): {
  readonly point: Uint8Array;
  readonly key: ReturnType<typeof createPrivateKey>;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([
    Uint8Array.of(4),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
  return { point, key: privateKey };
}

describe('ECDSA over P-256', () => {
  const { point, key } = keyPair();
  const signature = p256.Signature.fromBytes(sign('sha256', message, key), 'der');
  const low = signature.hasHighS()
    ? new p256.Signature(signature.r, ORDER - signature.s)
    : signature;
  const der = low.toBytes('der');

  it('verifies what Node signs, in DER with a low s', () => {
    expect(p256Verify(point, message, der)).toBe(true);
  });

  it('refuses the twin with a high s', () => {
    const high = new p256.Signature(low.r, ORDER - low.s).toBytes('der');
    expect(p256Verify(point, message, high)).toBe(false);
  });

  it.each([
    ['another message', point, Buffer.from('other'), der],
    ['another key', keyPair().point, message, der],
    ['a compressed key', point.subarray(0, 33), message, der],
    ['no point', new Uint8Array(65).fill(4), message, der],
    ['nothing', point, message, new Uint8Array()],
    ['a byte too many', point, message, Buffer.concat([der, Uint8Array.of(0)])],
    ['a byte too few', point, message, der.subarray(0, -1)],
    ['r || s without DER', point, message, low.toBytes('compact')],
  ])('refuses %s', (_, publicKey, text, bytes) => {
    expect(p256Verify(publicKey, text, bytes)).toBe(false);
  });

  it('refuses any one bit changed', () => {
    for (let bit = 0; bit < 8 * der.length; bit++) {
      const changed = Uint8Array.from(der);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(p256Verify(point, message, changed)).toBe(false);
    }
  });
});
