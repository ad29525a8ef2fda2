/** Every hash, XOF and KDF that is not built on a block cipher here, portable and Node's own, against published vectors. */
import { hashes, kdfs, xofs, type Hash, type Kdf, type Xof } from '@lamplighter/sdk/crypto';
import { nodeHashes, nodeKdfs } from '@lamplighter/sdk/node';
import { randomOf } from '../../random.ts';
import { bytesOf, hexOf, vectorFile, vectorFolders, type Vector } from './vector-files.ts';

const whole = (each: Vector): boolean => !('bits' in each) || each.bits % 8 === 0;
const hashSets: readonly (readonly [string, Readonly<Record<string, Hash>>])[] = [
  ['portable', hashes],
  ['Node', nodeHashes],
];
const kdfSets: readonly (readonly [string, Readonly<Record<string, Kdf>>])[] = [
  ['portable', kdfs],
  ['Node', nodeKdfs],
];
const random = randomOf(9);
const randomBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random() * 256));

/** FIPS 180-4 and FIPS 202 examples, and the BLAKE3 authors' test vectors. */
const OF_ABC: Readonly<Record<string, string>> = {
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha384:
    'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  sha512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  'sha3-256': '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
  'sha3-384':
    'ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25',
  'sha3-512':
    'b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0',
  blake3: '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
};

describe.each(hashSets)('%s hashes', (_, set) => {
  const names = Object.keys(set);

  it.each(names)('%s: the digest of "abc", where the standard prints it', (name) => {
    const expected = OF_ABC[name];
    const hasFile = vectorFolders.some(([, folder]) => vectorFile(folder, name) !== undefined);
    expect(expected !== undefined || hasFile || name.startsWith('spongent')).toBe(true);
    const digest = hexOf(set[name]!(Buffer.from('abc')));
    expect(digest).toBe(expected ?? digest);
  });

  it.each(names)('%s: pieces give what the whole gives', (name) => {
    const hash = set[name]!;
    for (const length of [0, 1, hash.blockBytes - 1, hash.blockBytes, 2 * hash.blockBytes + 3]) {
      const message = randomBytes(length);
      const digest = hash(message);
      expect(digest).toHaveLength(hash.digestBytes);
      const cut = Math.floor(length / 3);
      const running = hash.create();
      for (const piece of [message.subarray(0, cut), message.subarray(cut, cut + 1)]) {
        running.update(piece);
      }
      running.update(message.subarray(Math.min(cut + 1, length)));
      expect(hexOf(running.digest())).toBe(hexOf(digest));
      expect(() => running.digest()).toThrow(/digest|ended|destroyed/i);
    }
  });

  it.each(names)('%s: two messages at a time do not mix', (name) => {
    const [left, right] = [randomBytes(300), randomBytes(300)];
    const hash = set[name]!;
    const [one, other] = [hash.create(), hash.create()];
    for (let at = 0; at < 300; at += 50) {
      one.update(left.subarray(at, at + 50));
      other.update(right.subarray(at, at + 50));
    }
    expect(hexOf(other.digest())).toBe(hexOf(hash(right)));
    expect(hexOf(one.digest())).toBe(hexOf(hash(left)));
  });

  it.each(names)('%s: refuses what is no Uint8Array', (name) => {
    expect(() => set[name]!([1, 2, 3] as unknown as Uint8Array)).toThrow(TypeError);
  });
});

it('Node gives what the portable hashes give', () => {
  for (const [name, hash] of Object.entries(nodeHashes)) {
    for (const length of [0, 1, 63, 64, 65, 135, 136, 137, 1000]) {
      const message = randomBytes(length);
      expect(hexOf(hash(message))).toBe(hexOf(hashes[name as keyof typeof nodeHashes](message)));
    }
  }
});

describe.each(vectorFolders)('%s vector files', (kind, folder) => {
  const names = ['ascon-hash256', 'lsh-256-224', 'lsh-256-256', 'lsh-512-224'] as const;

  it.each([...names, 'lsh-512-256', 'lsh-512-384', 'lsh-512-512'] as const)('%s', (name) => {
    const file = vectorFile(folder, name)!;
    const vectors = file.vectors.filter(whole);
    const wrong = vectors.filter(
      ({ message, digest }) => hexOf(hashes[name](bytesOf(message))) !== digest,
    );
    expect(wrong).toEqual([]);
    expect(vectors.length).toBeGreaterThan(0);
    for (const other of file.must_not_match ?? []) {
      expect(hexOf(hashes[name](bytesOf(other.message)))).not.toBe(other.digest);
    }
    report(kind, name, vectors.length);
  });

  it.each(['ascon-xof128', 'ascon-cxof128'] as const)('%s', (name) => {
    const file = vectorFile(folder, name)!;
    const xof: Xof = xofs[name];
    const wrong = file.vectors.filter(({ message, digest, customization }) => {
      const long = xof(bytesOf(message), 64, bytesOf(customization ?? ''));
      const short = xof(bytesOf(message), 13, bytesOf(customization ?? ''));
      return hexOf(long) !== digest || hexOf(short) !== digest.slice(0, 26);
    });
    expect(wrong).toEqual([]);
    for (const other of file.must_not_match ?? []) {
      expect(hexOf(xof(bytesOf(other.message), 32))).not.toBe(other.digest);
    }
    report(kind, name, file.vectors.length);
  });

  it.each(kdfSets)('hkdf-sha256, %s', (which, set) => {
    const { vectors } = vectorFile(folder, 'hkdf-sha256')!;
    const right = vectors.filter(({ ikm, salt, info, size, okm }) => {
      try {
        const made = set['hkdf-sha256']!(bytesOf(ikm), bytesOf(salt), bytesOf(info), size);
        return hexOf(made) === okm;
      } catch (error) {
        return !(error instanceof RangeError);
      }
    });
    expect(right).toEqual(vectors.filter(({ result }) => result === 'valid'));
    report(kind, `hkdf-sha256 (${which})`, vectors.length);
  });
});

it('BLAKE3 gives as many bytes as asked for', () => {
  const begin = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';
  const next = 'e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b206c08243a';
  expect(hexOf(xofs.blake3(new Uint8Array(0), 64))).toBe(begin + next);
});

it.each(Object.keys(xofs) as (keyof typeof xofs)[])('%s refuses no bytes at all', (name) => {
  expect(() => xofs[name](new Uint8Array(1), 0)).toThrow(RangeError);
  expect(() => xofs[name](new Uint8Array(1), -1)).toThrow(RangeError);
  expect(() => xofs[name](new Uint8Array(1), 1.5)).toThrow(RangeError);
});

it('only CXOF takes a customization, of up to 256 bytes', () => {
  const message = new Uint8Array(1);
  expect(() => xofs['ascon-xof128'](message, 8, message)).toThrow(RangeError);
  expect(() => xofs.shake128(message, 8, message)).toThrow(RangeError);
  expect(() => xofs['ascon-cxof128'](message, 8, new Uint8Array(257))).toThrow(RangeError);
  const plain = xofs['ascon-cxof128'](message, 8);
  expect(xofs['ascon-cxof128'](message, 8, new Uint8Array(256))).not.toEqual(plain);
});

function report(kind: string, name: string, count: number): void {
  process.stdout.write(`${kind} vectors, ${name}: ${count}\n`);
}
