import { createCipheriv, createHash, createHmac, hkdfSync, type CipherGCMTypes } from 'node:crypto';
import fc from 'fast-check';
import {
  asciiBytes,
  concatBytes,
  expandInfo,
  expandSha256,
  hashes,
  sha256Of,
  suiteIds,
  suiteOf,
  useAlgorithms,
  xofs,
  type Suite,
} from '@lamplighter/sdk/crypto';
import { nodeAeads, nodeHashes } from '@lamplighter/sdk/node';
import { suiteFacts, SUITES } from '@lamplighter/sdk/wire';
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

  it.each([0, 0x0100, 0x0106, 0x0305, 0x8000, 0x8004])('does not know suite %d', (id) => {
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

const filled = (value: number, length: number): Uint8Array => new Uint8Array(length).fill(value);

describe.each(suiteIds)('suite %i', (id) => {
  const each = suiteOf(id);
  const facts = suiteFacts(id)!;
  const inputs = fc.tuple(
    fc.uint8Array({ minLength: facts.keyBytes, maxLength: facts.keyBytes }),
    fc.uint8Array({ minLength: facts.nonceBytes, maxLength: facts.nonceBytes }),
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ maxLength: 200 }),
  );

  it('has what the table says', () => {
    const { aead, hash, kdf, ...sizes } = facts;
    expect(each).toMatchObject(sizes);
    expect(each.name).toContain(`${aead}, ${hash}, ${kdf}`);
    expect(each.hash(filled(1, 3), filled(2, 4))).toHaveLength(32);
    expect(each.hash(filled(1, 7))).toEqual(each.hash(filled(1, 3), filled(1, 4)));
    // §6.2: images are hashed by SHA-256 where the suite's hash is too slow for them, and where it is SHA-256.
    expect(each.imageHash === undefined).toBe(['sha256', 'spongent-256'].includes(hash));
  });

  it('opens what it sealed, and nothing with one bit changed', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), ([key, nonce, ad, text], at) => {
        const sealed = each.seal(key, nonce, ad, text);
        expect(sealed).toHaveLength(text.length + facts.tagBytes);
        expect(each.open(key, nonce, ad, sealed)).toEqual(text);
        const parts = [key, nonce, ad, sealed];
        parts.forEach((part, wrong) => {
          if (part.length === 0) return;
          const changed = parts.map((bytes) => bytes.slice());
          const bytes = changed[wrong]!;
          bytes[at % bytes.length]! ^= 1 << (at % 8);
          const [key2, nonce2, ad2, sealed2] = changed as [
            Uint8Array,
            Uint8Array,
            Uint8Array,
            Uint8Array,
          ];
          expect(refusalOf(() => each.open(key2, nonce2, ad2, sealed2)).code).toBe('AEAD_REFUSED');
        });
      }),
      { numRuns: 25 },
    );
  });

  it('derives other bytes for another key, label, context, length and use', () => {
    const key = filled(1, 32);
    const outputs = [
      each.expand(key, 'a', filled(3, 2), 64),
      each.expand(filled(2, 32), 'a', filled(3, 2), 64),
      each.expand(key, 'b', filled(3, 2), 64),
      each.expand(key, 'a', filled(3, 3), 64),
      each.expand(key, 'a', filled(3, 2), 65),
      each.extract(key, filled(3, 2)),
      each.extract(new Uint8Array(0), filled(3, 2)),
    ].map((bytes) => Buffer.from(bytes.subarray(0, 32)).toString('hex'));
    expect(new Set(outputs).size).toBe(outputs.length);
    expect(each.mac(key, filled(3, 2))).toHaveLength(32);
  });

  it('is the same with the code of the platform', () => {
    fc.assert(
      fc.property(inputs, ([key, nonce, ad, text]) => {
        const outputs = (suite: Suite): readonly Uint8Array[] => [
          suite.seal(key, nonce, ad, text),
          suite.open(key, nonce, ad, each.seal(key, nonce, ad, text)),
          suite.hash(text, ad),
          suite.expand(key, 'key', ad, 48),
        ];
        const portable = outputs(suiteOf(id));
        useAlgorithms({ aeads: nodeAeads, hashes: nodeHashes });
        try {
          expect(outputs(suiteOf(id))).toEqual(portable);
        } finally {
          useAlgorithms({});
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('key derivation of the sponge suites', () => {
  const key = filled(1, 5);
  const message = asciiBytes('message');

  it('keys Ascon-CXOF128 by a prefix with its length', () => {
    const input = (use: number, text: Uint8Array): Uint8Array =>
      concatBytes(Uint8Array.of(use, 0, key.length), key, text);
    const customization = asciiBytes('lamplighter.v1');
    const ascon = suiteOf(0x0201);
    expect(ascon.extract(key, message)).toEqual(
      xofs['ascon-cxof128'](input(1, message), 32, customization),
    );
    expect(ascon.expand(key, 'iv', Uint8Array.of(9), 16)).toEqual(
      xofs['ascon-cxof128'](input(2, expandInfo('iv', Uint8Array.of(9), 16)), 16, customization),
    );
    expect(ascon.mac(key, message)).toEqual(
      xofs['ascon-cxof128'](input(3, message), 32, customization),
    );
  });

  it('joins blocks of SPONGENT-256 with their number and the length that is wanted', () => {
    const prefix = asciiBytes('lamplighter.v1');
    const info = expandInfo('key', message, 48);
    const block = (index: number): Uint8Array =>
      hashes['spongent-256'](
        concatBytes(
          prefix,
          Uint8Array.of(2, 0, key.length),
          key,
          Uint8Array.of(0, 48, index),
          info,
        ),
      );
    expect(suiteOf(0x0304).expand(key, 'key', message, 48)).toEqual(
      concatBytes(block(0), block(1)).slice(0, 48),
    );
  });
});

it('marks the legacy suites', () => {
  expect(SUITES.filter(({ legacy }) => legacy).map(({ id }) => id)).toEqual([
    0x8001, 0x8002, 0x8003,
  ]);
});
