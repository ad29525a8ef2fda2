import { createCipheriv, createHash, createHmac, hkdfSync, type CipherGCMTypes } from 'node:crypto';
import fc from 'fast-check';
import {
  asciiBytes,
  expandInfo,
  expandSha256,
  sha256Of,
  suiteIds,
  suiteOf,
} from '@lamplighter/sdk/crypto';
import { refusalOf } from '../refusal.ts';

const suite = suiteOf(0x0103);
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const nonce = fc.uint8Array({ minLength: 12, maxLength: 12 });
const some = fc.uint8Array({ maxLength: 300 });

/** ChaCha20-Poly1305 by Node, as a second implementation. */
function sealByNode(k: Uint8Array, n: Uint8Array, ad: Uint8Array, text: Uint8Array): Buffer {
  const name = 'chacha20-poly1305' as CipherGCMTypes;
  const cipher = createCipheriv(name, k, n, { authTagLength: 16 });
  cipher.setAAD(ad, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

describe('suite 0x0103', () => {
  it('says its sizes and classes', () => {
    expect(suiteIds).toEqual([0x0103]);
    expect(suite).toMatchObject({
      id: 0x0103,
      keyBytes: 32,
      nonceBytes: 12,
      tagBytes: 16,
      blockBytes: 16,
      classes: [0, 1],
      limits: { records: 2 ** 24, blocks: 2 ** 32, frameBytes: 66_560 },
    });
  });

  it.each([0, 0x0102, 0x0104, 0x0304, 0x8001])('does not know suite %d', (id) => {
    expect(refusalOf(() => suiteOf(id))).toEqual({ code: 'SUITE_UNKNOWN' });
  });

  it('hashes, extracts and authenticates as Node does', () => {
    fc.assert(
      fc.property(some, some, (left, right) => {
        const hash = createHash('sha256').update(left).update(right).digest();
        expect(Buffer.from(suite.hash(left, right)).equals(hash)).toBe(true);
        expect(Buffer.from(sha256Of(left, right)).equals(hash)).toBe(true);
        const hmac = createHmac('sha256', left).update(right).digest();
        expect(Buffer.from(suite.extract(left, right)).equals(hmac)).toBe(true);
        expect(Buffer.from(suite.mac(left, right)).equals(hmac)).toBe(true);
      }),
    );
  });

  it('expands by the info of §4', () => {
    const info = expandInfo('key', Uint8Array.of(1, 2), 300);
    const label = Buffer.from('lamplighter.v1 key').toString('hex');
    expect(Buffer.from(info).toString('hex')).toBe(`012c12${label}020102`);
    // HKDF by Node joins Extract and Expand: Extract(salt, ikm) = HMAC(salt, ikm) is the key here.
    const salt = asciiBytes('salt');
    const prk = suite.extract(salt, Uint8Array.of(9));
    const byNode = Buffer.from(hkdfSync('sha256', Uint8Array.of(9), salt, info, 300));
    expect(Buffer.from(suite.expand(prk, 'key', Uint8Array.of(1, 2), 300))).toEqual(byNode);
    expect(Buffer.from(expandSha256(prk, 'key', Uint8Array.of(1, 2), 300))).toEqual(byNode);
  });

  it('separates labels, contexts and lengths', () => {
    const k = new Uint8Array(32);
    const outputs = [
      suite.expand(k, 'a', new Uint8Array(0), 32),
      suite.expand(k, 'b', new Uint8Array(0), 32),
      suite.expand(k, 'a', Uint8Array.of(0), 32),
      suite.expand(k, 'a', new Uint8Array(0), 33).slice(0, 32),
    ].map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(new Set(outputs).size).toBe(4);
  });

  it('refuses a label or context above 255 bytes, and text outside ASCII', () => {
    expect(() => expandInfo('l'.repeat(241), new Uint8Array(0), 32)).toThrow(RangeError);
    expect(() => expandInfo('l', new Uint8Array(256), 32)).toThrow(RangeError);
    expect(() => expandInfo('é', new Uint8Array(0), 32)).toThrow(RangeError);
  });

  it('seals as Node does, and opens again', () => {
    fc.assert(
      fc.property(key, nonce, some, some, (k, n, ad, text) => {
        const sealed = suite.seal(k, n, ad, text);
        expect(sealByNode(k, n, ad, text).equals(sealed)).toBe(true);
        expect(suite.open(k, n, ad, sealed)).toEqual(text);
      }),
    );
  });

  it('refuses one wrong bit in each part', () => {
    fc.assert(
      fc.property(
        key,
        nonce,
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(),
        (k, n, ad, at) => {
          const parts = [k, n, ad, suite.seal(k, n, ad, ad)];
          parts.forEach((_, wrong) => {
            const [k2, n2, ad2, sealed2] = parts.map((part, index) => {
              const copy = part.slice();
              const place = at % copy.length;
              if (index === wrong) copy[place] = (copy[place] ?? 0) ^ (1 << (at % 8));
              return copy;
            }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
            expect(refusalOf(() => suite.open(k2, n2, ad2, sealed2))).toEqual({
              code: 'AEAD_REFUSED',
            });
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([0, 1, 15])('refuses %d bytes, shorter than a tag', (length) => {
    const k = new Uint8Array(32);
    const n = new Uint8Array(12);
    expect(refusalOf(() => suite.open(k, n, k, new Uint8Array(length))).code).toBe('AEAD_REFUSED');
  });
});
