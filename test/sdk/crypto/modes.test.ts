/**
 * CTR, CMAC and EAX: over AES against Wycheproof, over triple DES against NIST, over every cipher of the catalogue against the
 * modes written down step by step. How the AEADs refuse is in `aeads.test.ts`.
 */
import {
  aeads,
  blockCiphers,
  cmac,
  CmacKey,
  ctr,
  eaxKey,
  macs,
  type BlockCipher,
} from '@lamplighter/sdk/crypto';
import fc from 'fast-check';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { outcomeOf } from '../refusal.ts';
import { bytesOf, hexOf, vectorFile, vectorFolders } from './vector-files.ts';

/** A cipher of Node's own as one of the catalogue. */
function nodeCipher(name: string, blockBytes: number, key: Uint8Array): BlockCipher {
  const encrypt = (blocks: Uint8Array): Uint8Array => {
    const cipher = createCipheriv(name, key, null).setAutoPadding(false);
    return Uint8Array.from(Buffer.concat([cipher.update(blocks), cipher.final()]));
  };
  return {
    blockBytes,
    encrypt,
    decrypt(blocks) {
      const decipher = createDecipheriv(name, key, null).setAutoPadding(false);
      return Uint8Array.from(Buffer.concat([decipher.update(blocks), decipher.final()]));
    },
    encryptBlocks(blocks) {
      blocks.set(encrypt(blocks));
    },
  };
}

const aes = (key: Uint8Array): BlockCipher => nodeCipher(`aes-${8 * key.length}-ecb`, 16, key);

/** Multiplies by x, as SP 800-38B writes it. */
function doubled(block: Uint8Array): Uint8Array {
  const bits = BigInt(8 * block.length);
  const value = BigInt(`0x${hexOf(block)}`) << 1n;
  const reduced = value >> bits ? value ^ (1n << bits) ^ (bits === 64n ? 0x1bn : 0x87n) : value;
  return bytesOf(reduced.toString(16).padStart(2 * block.length, '0'));
}

const xored = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  left.map((byte, at) => byte ^ right[at]!);

function plainCmac(cipher: BlockCipher, message: Uint8Array): Uint8Array {
  const { blockBytes } = cipher;
  const whole = doubled(cipher.encrypt(new Uint8Array(blockBytes)));
  const count = Math.max(1, Math.ceil(message.length / blockBytes));
  const padded = new Uint8Array(count * blockBytes);
  padded.set(message);
  const isWhole = message.length === padded.length;
  if (!isWhole) padded[message.length] = 0x80;
  const last = padded.subarray(padded.length - blockBytes);
  last.set(xored(last, isWhole ? whole : doubled(whole)));
  let chain = new Uint8Array(blockBytes);
  for (let at = 0; at < padded.length; at += blockBytes) {
    chain = Uint8Array.from(cipher.encrypt(xored(padded.subarray(at, at + blockBytes), chain)));
  }
  return chain;
}

function plainCtr(cipher: BlockCipher, counter: Uint8Array, text: Uint8Array): Uint8Array {
  const { blockBytes } = cipher;
  const bits = BigInt(8 * blockBytes);
  return text.map((byte, at) => {
    const block = BigInt(`0x${hexOf(counter)}`) + BigInt(Math.floor(at / blockBytes));
    const hex = (block % (1n << bits)).toString(16).padStart(2 * blockBytes, '0');
    return byte ^ cipher.encrypt(bytesOf(hex))[at % blockBytes]!;
  });
}

function plainEax(
  cipher: BlockCipher,
  nonce: Uint8Array,
  ad: Uint8Array,
  text: Uint8Array,
): string {
  const omac = (tweak: number, message: Uint8Array): Uint8Array => {
    const joined = new Uint8Array(cipher.blockBytes + message.length);
    joined[cipher.blockBytes - 1] = tweak;
    joined.set(message, cipher.blockBytes);
    return plainCmac(cipher, joined);
  };
  const counter = omac(0, nonce);
  const ciphertext = plainCtr(cipher, counter, text);
  return hexOf(ciphertext) + hexOf(xored(xored(counter, omac(1, ad)), omac(2, ciphertext)));
}

describe.each(vectorFolders)('%s vector files', (kind, folder) => {
  it('AES-EAX: the valid ones seal and open, the others do not', () => {
    const { vectors } = vectorFile(folder, 'aes-eax')!;
    const wrong = vectors.filter((each) => {
      const key = eaxKey(aes(bytesOf(each.key)));
      const aead = key(bytesOf(each.nonce), bytesOf(each.ad));
      const sealed = each.ciphertext! + each.tag!;
      const outcome = outcomeOf(() => hexOf(aead.decrypt(bytesOf(sealed))));
      if (each.result === 'invalid') {
        return !('refusal' in outcome) || outcome.refusal.code !== 'AEAD_REFUSED';
      }
      const isOpened = 'value' in outcome && outcome.value === each.plaintext;
      return !isOpened || hexOf(aead.encrypt(bytesOf(each.plaintext))) !== sealed;
    });
    expect(wrong).toEqual([]);
    expect(vectors.filter(({ result }) => result === 'invalid').length).toBeGreaterThan(2);
    process.stdout.write(`${kind} vectors, aes-eax: ${vectors.length}\n`);
  });

  it('AES-CMAC: exactly the valid tags', () => {
    const { vectors } = vectorFile(folder, 'aes-cmac')!;
    const right = vectors.filter(({ key, message, tag }) => {
      const bytes = bytesOf(key);
      const isKey = [16, 24, 32].includes(bytes.length);
      return isKey && hexOf(new CmacKey(aes(bytes)).tag(bytesOf(message))) === tag;
    });
    expect(right).toEqual(vectors.filter(({ result }) => result === 'valid'));
    expect(right.length).toBeGreaterThan(2);
    process.stdout.write(`${kind} vectors, aes-cmac: ${vectors.length}\n`);
  });
});

describe('with blocks of 64 bits', () => {
  const key = bytesOf('8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5');
  const message = bytesOf('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');

  // NIST SP 800-38B appendix D.4, three-key TDEA.
  it.each([
    [0, 'b7a688e122ffaf95'],
    [8, '8e8f293136283797'],
    [20, '743ddbe0ce2dc2ed'],
    [32, '33e6b1092400eae5'],
  ])('CMAC of %d bytes is the one that NIST prints', (length, tag) => {
    const macOf = new CmacKey(nodeCipher('des-ede3', 8, key));
    expect(hexOf(macOf.tag(message.subarray(0, length)))).toBe(tag);
  });
});

describe.each(Object.keys(blockCiphers) as (keyof typeof blockCiphers)[])('%s', (name) => {
  const algorithm = blockCiphers[name];
  const { keyBytes, blockBytes } = algorithm;
  const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length });
  const message = fc.uint8Array({ maxLength: 5 * blockBytes });
  const runs = { numRuns: 40 };

  it('counts as CTR is written', () => {
    // Counters just before a carry come by chance too seldom.
    const counter = fc
      .tuple(bytes(blockBytes), fc.integer({ min: 0, max: blockBytes }))
      .map(([start, full]) => start.fill(0xff, blockBytes - full));
    fc.assert(
      fc.property(bytes(keyBytes), counter, message, (key, start, text) => {
        const cipher = algorithm(key);
        const encrypted = ctr(cipher, start, text);
        expect(hexOf(encrypted)).toBe(hexOf(plainCtr(cipher, start, text)));
        expect(hexOf(ctr(cipher, start, encrypted))).toBe(hexOf(text));
      }),
      runs,
    );
  });

  it('authenticates as CMAC is written', () => {
    fc.assert(
      fc.property(bytes(keyBytes), message, (key, text) => {
        const expected = hexOf(plainCmac(algorithm(key), text));
        expect(hexOf(macs[`${name}-cmac`](key, text))).toBe(expected);
      }),
      runs,
    );
    expect({ ...macs[`${name}-cmac`] }).toMatchObject({ keyBytes, tagBytes: blockBytes });
  });

  it('seals as EAX is written', () => {
    fc.assert(
      fc.property(bytes(keyBytes), message, message, message, (key, nonce, ad, text) => {
        const expected = plainEax(algorithm(key), nonce, ad, text);
        const aead = aeads[`${name}-eax`](key, nonce, ad);
        expect(hexOf(aead.encrypt(text))).toBe(expected);
        expect(hexOf(aead.decrypt(bytesOf(expected)))).toBe(hexOf(text));
      }),
      runs,
    );
    const sizes = { keyBytes, nonceBytes: blockBytes, tagBytes: blockBytes };
    expect({ ...aeads[`${name}-eax`] }).toMatchObject(sizes);
  });
});

it('a long text counts past the lower half of the counter, and ends within a block', () => {
  const cipher = blockCiphers['speck-64-128'](new Uint8Array(16));
  const start = bytesOf('00000000ffffff80');
  const text = new Uint8Array(2_051).fill(1);
  expect(hexOf(ctr(cipher, start, text))).toBe(hexOf(plainCtr(cipher, start, text)));
});

it('modes say which argument is wrong', () => {
  const cipher = blockCiphers['speck-64-128'](new Uint8Array(16));
  const text = 'text' as unknown as Uint8Array;
  expect(() => ctr(cipher, new Uint8Array(16), new Uint8Array(1))).toThrow(/^"counter"/);
  expect(() => ctr(cipher, new Uint8Array(8), text)).toThrow(/^"text" expected Uint8Array/);
  expect(() => cmac(blockCiphers['speck-64-128'])(new Uint8Array(16), text)).toThrow(/^"message"/);
  const odd: BlockCipher = { ...cipher, blockBytes: 4, encrypt: (block) => block };
  expect(() => new CmacKey(odd)).toThrow(/^expected a cipher with blocks of 8 or 16 bytes, got 4/);
});

it('a refused message costs its decryption, as an accepted one does', () => {
  const cipher = blockCiphers['simon-128-128'](new Uint8Array(16));
  let blocks = 0;
  const counted: BlockCipher = {
    ...cipher,
    encryptBlocks(row) {
      blocks += row.length / 16;
      cipher.encryptBlocks(row);
    },
  };
  const costOf = (step: () => unknown): number => {
    blocks = 0;
    outcomeOf(step);
    return blocks;
  };
  const seal = eaxKey(counted)(new Uint8Array(16), new Uint8Array(5));
  const sealed = seal.encrypt(new Uint8Array(200));
  const accepted = costOf(() => seal.decrypt(sealed));
  expect(accepted).toBeGreaterThan(200 / 16);
  for (const at of [0, 100, 200, 215]) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    expect(costOf(() => seal.decrypt(changed))).toBe(accepted);
  }
});
