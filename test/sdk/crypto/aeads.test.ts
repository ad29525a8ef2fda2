/** Every AEAD, portable and Node's own: one suite for all, published vectors where there are some, and both sides together. */
import { aeads, type AeadAlgorithm } from '@lamplighter/sdk/crypto';
import { nodeAeads } from '@lamplighter/sdk/node';
import { randomOf } from '../../random.ts';
import { refusalOf } from '../refusal.ts';
import { bytesOf, hexOf, vectorFile, vectorFolders, type Vector } from './vector-files.ts';

type Set = Readonly<Record<string, AeadAlgorithm>>;
const sets: readonly (readonly [string, Set])[] = [
  ['portable', aeads],
  ['Node', nodeAeads],
];
const random = randomOf(128);
const randomBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random() * 256));

interface Sample {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly associated: Uint8Array;
  readonly text: Uint8Array;
}

function sampleFor(algorithm: AeadAlgorithm, length: number): Sample {
  return {
    key: randomBytes(algorithm.keyBytes),
    nonce: randomBytes(algorithm.nonceBytes),
    associated: randomBytes(length % 37),
    text: randomBytes(length),
  };
}

function sealOf(algorithm: AeadAlgorithm, { key, nonce, associated, text }: Sample): Uint8Array {
  return algorithm(key, nonce, associated).encrypt(text);
}

/** `bytes` with one bit changed. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const other = bytes.slice();
  other[bit >>> 3]! ^= 1 << (bit & 7);
  return other;
}

describe.each(sets)('%s AEADs', (_, set) => {
  const names = Object.keys(set);

  it.each(names)('%s: open undoes seal', (name) => {
    const algorithm = set[name]!;
    for (const length of [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 64, 257]) {
      const sample = sampleFor(algorithm, length);
      const sealed = sealOf(algorithm, sample);
      expect(sealed).toHaveLength(length + algorithm.tagBytes);
      const opened = algorithm(sample.key, sample.nonce, sample.associated).decrypt(sealed);
      expect(hexOf(opened)).toBe(hexOf(sample.text));
    }
  });

  it.each(names)('%s: any one bit changed is refused, and all alike', (name) => {
    const algorithm = set[name]!;
    const sample = { ...sampleFor(algorithm, 19), associated: randomBytes(5) };
    const sealed = sealOf(algorithm, sample);
    const refused = { code: 'AEAD_REFUSED' };
    const { key, nonce, associated } = sample;
    for (let bit = 0; bit < 8 * sealed.length; bit += 1) {
      const changed = flipped(sealed, bit);
      expect(refusalOf(() => algorithm(key, nonce, associated).decrypt(changed))).toEqual(refused);
    }
    const open = (other: Partial<Sample>): unknown => {
      const used = { ...sample, ...other };
      return refusalOf(() => algorithm(used.key, used.nonce, used.associated).decrypt(sealed));
    };
    for (let bit = 0; bit < 8 * nonce.length; bit += 1) {
      expect(open({ nonce: flipped(nonce, bit) })).toEqual(refused);
    }
    for (let bit = 0; bit < 40; bit += 1) {
      expect(open({ associated: flipped(associated, bit) })).toEqual(refused);
    }
    expect(open({ key: flipped(key, 9) })).toEqual(refused);
    expect(open({ associated: new Uint8Array(0) })).toEqual(refused);
  });

  it.each(names)('%s: what is too short for a tag is refused alike', (name) => {
    const algorithm = set[name]!;
    const { key, nonce } = sampleFor(algorithm, 0);
    for (let length = 0; length < algorithm.tagBytes; length += 1) {
      const refusal = refusalOf(() => algorithm(key, nonce).decrypt(new Uint8Array(length)));
      expect(refusal).toEqual({ code: 'AEAD_REFUSED' });
    }
  });

  it.each(names)('%s: checks its arguments', (name) => {
    const algorithm = set[name]!;
    const { key, nonce } = sampleFor(algorithm, 0);
    const wrong = 'text' as unknown as Uint8Array;
    expect(() => algorithm(key.subarray(1), nonce)).toThrow(RangeError);
    expect(() => algorithm(wrong, nonce)).toThrow(TypeError);
    expect(() => algorithm(key, wrong)).toThrow(TypeError);
    expect(() => algorithm(key, nonce, wrong)).toThrow(TypeError);
    expect(() => algorithm(key, nonce).encrypt(wrong)).toThrow(TypeError);
    expect(() => algorithm(key, nonce).decrypt(wrong)).toThrow(TypeError);
  });

  it.each(names)('%s: keeps nothing between two calls', (name) => {
    const algorithm = set[name]!;
    const sample = sampleFor(algorithm, 40);
    const one = algorithm(sample.key, sample.nonce);
    const first = one.encrypt(sample.text);
    const between = sampleFor(algorithm, 21);
    expect(sealOf(algorithm, between)).toHaveLength(21 + algorithm.tagBytes);
    expect(hexOf(one.encrypt(sample.text))).toBe(hexOf(first));
    expect(hexOf(one.decrypt(first))).toBe(hexOf(sample.text));
  });
});

it('Node and the portable AEADs seal alike and open one another', () => {
  for (const [name, own] of Object.entries(nodeAeads)) {
    const portable = aeads[name as keyof typeof nodeAeads];
    for (const length of [0, 1, 16, 100, 1000]) {
      const sample = sampleFor(portable, length);
      const sealed = sealOf(own, sample);
      expect(hexOf(sealOf(portable, sample))).toBe(hexOf(sealed));
      const opened = portable(sample.key, sample.nonce, sample.associated).decrypt(sealed);
      expect(hexOf(opened)).toBe(hexOf(sample.text));
    }
  }
});

/** What came of a Wycheproof or KAT case: the ones that do not fit are left. */
function unexpected(algorithm: AeadAlgorithm, vectors: readonly Vector[]): readonly Vector[] {
  return vectors.filter((each) => {
    const sealed = bytesOf((each.ciphertext ?? '') + (each.tag ?? ''));
    const [key, nonce, ad] = [bytesOf(each.key), bytesOf(each.nonce), bytesOf(each.ad)];
    const isValid = each.result === undefined || each.result === 'valid';
    try {
      const cipher = algorithm(key, nonce, ad);
      if (hexOf(cipher.decrypt(sealed)) !== each.plaintext) return true;
      return !isValid || hexOf(cipher.encrypt(bytesOf(each.plaintext))) !== hexOf(sealed);
    } catch {
      return isValid;
    }
  });
}

/** Lengths that @noble/ciphers and so this catalogue do not take: GCM nonces below 64 bits. */
const taken = (each: Vector): boolean => !('ivSize' in each) || each.ivSize >= 64;

describe.each(vectorFolders)('%s vector files', (kind, folder) => {
  const files = [
    ['ascon-aead128', 'ascon-aead128'],
    ['ascon-aead128-wycheproof', 'ascon-aead128'],
    ['aes-gcm', 'aes-gcm'],
    ['aes-gcm-siv', 'aes-gcm-siv'],
    ['xchacha20-poly1305', 'xchacha20-poly1305'],
  ] as const;

  it.each(files)('%s', (name, algorithm) => {
    const file = vectorFile(folder, name)!;
    const vectors = file.vectors.filter((each) => taken(each) || each.result === 'invalid');
    expect(unexpected(aeads[algorithm], vectors)).toEqual([]);
    for (const other of file.must_not_match ?? []) {
      const sealed = aeads[algorithm](bytesOf(other.key), bytesOf(other.nonce)).encrypt(
        new Uint8Array(0),
      );
      expect(hexOf(sealed)).not.toBe(other.tag);
    }
    process.stdout.write(`${kind} vectors, ${name}: ${vectors.length}\n`);
  });

  it("aes-gcm, Node's own", () => {
    const { vectors } = vectorFile(folder, 'aes-gcm')!;
    const usual = vectors.filter(taken);
    expect(unexpected(nodeAeads['aes-gcm'], usual)).toEqual([]);
    process.stdout.write(`${kind} vectors, aes-gcm (Node): ${usual.length}\n`);
  });
});
