/** PRESENT, SIMON and SPECK against what is published, and against themselves as their papers print them. */
import { blockCiphers, ctr, type BlockCipherAlgorithm } from '@lamplighter/sdk/crypto';
import fc from 'fast-check';
import { plainPresent, plainSimon, plainSpeck, type PlainCipher } from './plain-ciphers.ts';
import { bytesOf, hexOf, vectorFile, vectorFolders } from './vector-files.ts';

const names = Object.keys(blockCiphers) as (keyof typeof blockCiphers)[];
const plain: Readonly<Record<string, PlainCipher>> = {
  present: plainPresent,
  simon: plainSimon,
  speck: plainSpeck,
};

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

describe.each(vectorFolders)('%s vector files', (kind, folder) => {
  it.each(names)('%s', (name) => {
    const { vectors } = vectorFile(folder, name)!;
    const wrong = vectors.filter(({ mode, key, nonce, plaintext, ciphertext }) => {
      const cipher = blockCiphers[name](bytesOf(key));
      if (mode === 'ctr') {
        return hexOf(ctr(cipher, bytesOf(nonce), bytesOf(plaintext))) !== ciphertext;
      }
      return (
        hexOf(cipher.encrypt(bytesOf(plaintext))) !== ciphertext ||
        hexOf(cipher.decrypt(bytesOf(ciphertext))) !== plaintext
      );
    });
    expect(wrong).toEqual([]);
    expect(vectors.length).toBeGreaterThan(3);
    process.stdout.write(`${kind} vectors, ${name}: ${vectors.length}\n`);
  });
});

describe.each(names)('%s', (name) => {
  const algorithm: BlockCipherAlgorithm = blockCiphers[name];
  const { keyBytes, blockBytes } = algorithm;
  const asPrinted = plain[name.slice(0, name.indexOf('-'))]!;

  it('is the cipher that its paper prints', () => {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(blockBytes), (key, block) => {
        const encrypted = algorithm(key).encrypt(block);
        expect(hexOf(encrypted)).toBe(hexOf(asPrinted(key, block)));
        expect(hexOf(algorithm(key).decrypt(encrypted))).toBe(hexOf(block));
      }),
      { numRuns: 50 },
    );
  });

  it('encrypts blocks in a row as it does one by one', () => {
    fc.assert(
      fc.property(
        bytes(keyBytes),
        fc.integer({ min: 0, max: 7 }).chain((blocks) => bytes(blocks * blockBytes)),
        (key, blocks) => {
          const cipher = algorithm(key);
          const row = blocks.slice();
          cipher.encryptBlocks(row);
          for (let at = 0; at < blocks.length; at += blockBytes) {
            const alone = cipher.encrypt(blocks.subarray(at, at + blockBytes));
            expect(hexOf(row.subarray(at, at + blockBytes))).toBe(hexOf(alone));
          }
        },
      ),
    );
  });

  it('keeps its key, whatever becomes of the array, and leaves its argument alone', () => {
    const key = new Uint8Array(keyBytes).fill(7);
    const cipher = algorithm(key);
    const block = Buffer.alloc(blockBytes, 9);
    const before = hexOf(cipher.encrypt(block));
    expect(hexOf(cipher.decrypt(cipher.encrypt(block)))).toBe(hexOf(block));
    const counter = Buffer.alloc(blockBytes, 0xff);
    expect(ctr(cipher, counter, block)).toHaveLength(blockBytes);
    expect(hexOf(counter)).toBe('ff'.repeat(blockBytes));
    key.fill(0);
    expect(hexOf(cipher.encrypt(block))).toBe(before);
    expect(hexOf(block)).toBe('09'.repeat(blockBytes));
  });

  it('says which argument is wrong', () => {
    const cipher = algorithm(new Uint8Array(keyBytes));
    const text = 'key' as unknown as Uint8Array;
    for (const step of [
      () => algorithm(new Uint8Array(keyBytes - 1)),
      () => algorithm(new Uint8Array(keyBytes + 1)),
    ]) {
      expect(step).toThrow(new RegExp(`^"key" expected Uint8Array of length ${keyBytes}`));
      expect(step).toThrow(RangeError);
    }
    expect(() => algorithm(text)).toThrow(TypeError);
    expect(() => cipher.encrypt(new Uint8Array(blockBytes + 1))).toThrow(RangeError);
    expect(() => cipher.decrypt(new Uint8Array(0))).toThrow(RangeError);
    expect(() => cipher.encrypt(text)).toThrow(TypeError);
    expect(() => {
      cipher.encryptBlocks(new Uint8Array(blockBytes + 1));
    }).toThrow(/^"blocks" expected whole blocks/);
    expect(() => {
      cipher.encryptBlocks(text);
    }).toThrow(TypeError);
  });
});
