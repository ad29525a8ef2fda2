import { createPrivateKey, sign, verify, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import {
  checkEd25519Key,
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  isUsableEd25519Key,
} from '@lamplighter/sdk/crypto';
import { refusalOf } from '../refusal.ts';

const secret = new Uint8Array(32).fill(7);
const publicKey = ed25519PublicKey(secret);
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** Order of the group, little-endian. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Encodings of the eight points of small order, and of some that are not canonical. */
const smallOrder = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

describe('Ed25519', () => {
  it('signs and verifies as Node does', () => {
    const pkcs8 = Buffer.concat([hex('302e020100300506032b657004220420'), secret]);
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
        const signature = ed25519Sign(secret, message);
        expect(sign(null, message, key).equals(signature)).toBe(true);
        expect(verify(null, message, createPublicKey(key), signature)).toBe(true);
        expect(ed25519Verify(publicKey, message, signature)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  const message = hex('00');
  const signature = ed25519Sign(secret, message);

  it('refuses another key, message or signature', () => {
    const other = ed25519PublicKey(new Uint8Array(32).fill(8));
    expect(ed25519Verify(other, message, signature)).toBe(false);
    expect(ed25519Verify(publicKey, hex('01'), signature)).toBe(false);
    expect(ed25519Verify(publicKey, message, new Uint8Array(64))).toBe(false);
    expect(ed25519Verify(publicKey, message, signature.slice(1))).toBe(false);
    expect(ed25519Verify(publicKey, message, new Uint8Array(0))).toBe(false);
    expect(ed25519Verify(publicKey.slice(1), message, signature)).toBe(false);
  });

  it('refuses s + order, the same signature in another form', () => {
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`) + ORDER;
    const encoded = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    const malleated = Uint8Array.of(...signature.slice(0, 32), ...encoded);
    expect(ed25519Verify(publicKey, message, malleated)).toBe(false);
  });

  it.each(smallOrder)('refuses the key %s', (key) => {
    expect(isUsableEd25519Key(hex(key))).toBe(false);
    expect(refusalOf(() => checkEd25519Key(hex(key)))).toEqual({ code: 'KEY_REFUSED' });
    // With A of small order and R = identity, s = 0, a lenient verifier accepts any message.
    const forged = Uint8Array.of(1, ...new Uint8Array(63));
    expect(ed25519Verify(hex(key), message, forged)).toBe(false);
  });

  it('takes a usable key', () => {
    expect(checkEd25519Key(publicKey)).toBe(publicKey);
  });
});
