import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import fc from 'fast-check';
import { x25519PublicKey, x25519SharedSecret } from '@lamplighter/sdk/crypto';
import { refusalOf } from '../refusal.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });

function sharedByNode(own: Uint8Array, peer: Uint8Array): Buffer {
  const pkcs8 = Buffer.concat([hex('302e020100300506032b656e04220420'), own]);
  const spki = Buffer.concat([hex('302a300506032b656e032100'), peer]);
  return diffieHellman({
    privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  });
}

function publicKeyByNode(own: Uint8Array): Buffer {
  const pkcs8 = Buffer.concat([hex('302e020100300506032b656e04220420'), own]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

describe('X25519', () => {
  it('has the public keys that Node has, whatever the secret', () => {
    const extremes = ['00', 'ff', '7f', '80', '01'].map((byte) => hex(byte.repeat(32)));
    // Just below, at and above the order of the base point.
    const order = 'edd3f55c1a631258d69cf7a2def9de14' + '00'.repeat(15) + '10';
    const near = ['ec', 'ed', 'ee', 'f0', 'f8'].map((first) => hex(first + order.slice(2)));
    for (const own of [...extremes, ...near]) {
      expect(Buffer.from(x25519PublicKey(own)).equals(publicKeyByNode(own))).toBe(true);
    }
    fc.assert(
      fc.property(secret, (own) => {
        expect(Buffer.from(x25519PublicKey(own)).equals(publicKeyByNode(own))).toBe(true);
      }),
    );
    expect(() => x25519PublicKey(new Uint8Array(31))).toThrow(RangeError);
    // A Buffer's slice shares memory: the caller's secret stays as it is.
    const kept = hex('ff'.repeat(32));
    x25519PublicKey(kept);
    expect(kept.toString('hex')).toBe('ff'.repeat(32));
  });

  it('agrees with Node, and from both ends', () => {
    fc.assert(
      fc.property(secret, secret, (a, b) => {
        const shared = x25519SharedSecret(a, x25519PublicKey(b));
        expect(sharedByNode(a, x25519PublicKey(b)).equals(shared)).toBe(true);
        expect(x25519SharedSecret(b, x25519PublicKey(a))).toEqual(shared);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ])('refuses the peer %s of small order', (peer) => {
    const own = new Uint8Array(32).fill(9);
    expect(refusalOf(() => x25519SharedSecret(own, Uint8Array.from(hex(peer))))).toEqual({
      code: 'X25519_ALL_ZERO',
    });
  });
});
