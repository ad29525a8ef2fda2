/**
 * Node's own cryptography (OpenSSL) in the shapes of the catalogue: what a server takes for speed. The portable algorithms of
 * the same names give the same bytes and refuse the same input.
 */
import { abytes } from '@noble/hashes/utils.js';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  type CipherChaCha20Poly1305Types,
  type CipherGCMTypes,
} from 'node:crypto';
import {
  aeads,
  CryptoError,
  erase,
  hashes,
  kdfs,
  type Aead,
  type AeadAlgorithm,
  type Hash,
  type Kdf,
} from '../crypto/index.ts';

const TAG_BYTES = 16;
/** Longest nonce that OpenSSL takes. */
const NONCE_MOST = 128;
const NOTHING = new Uint8Array(0);

type CipherName = CipherGCMTypes | CipherChaCha20Poly1305Types;
type PortableAead = keyof typeof aeads;

function cipherOf(name: CipherName): CipherGCMTypes {
  // The two kinds differ in types only: a tag of 16 bytes, associated data, no length beforehand.
  return name as CipherGCMTypes;
}

function encrypt(
  name: CipherName,
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(cipherOf(name), key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData);
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sealed.set(cipher.update(plaintext));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

function decrypt(
  name: CipherName,
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) throw refused();
  const decipher = createDecipheriv(cipherOf(name), key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(end));
  decipher.setAAD(associatedData);
  const text = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (error) {
    erase(text);
    throw refused(error);
  }
  return new Uint8Array(text);
}

function refused(cause?: unknown): CryptoError {
  return new CryptoError('AEAD_REFUSED', 'the sealed bytes do not open', { cause });
}

/**
 * @param portable - whose lengths and argument checks it has
 * @param nameOf - Node's name, by the length of the key
 */
function nodeAead(portable: PortableAead, nameOf: (keyBytes: number) => CipherName): AeadAlgorithm {
  const { keyBytes, nonceBytes, tagBytes } = aeads[portable];
  const algorithm = (
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array = NOTHING,
  ): Aead => {
    // Checks the arguments, and answers where OpenSSL does not.
    const other = aeads[portable](key, nonce, associatedData);
    if (nonce.length > NONCE_MOST) return other;
    const name = nameOf(key.length);
    return {
      encrypt: (plaintext) =>
        encrypt(name, key, nonce, associatedData, abytes(plaintext, undefined, 'plaintext')),
      decrypt: (sealed) =>
        decrypt(name, key, nonce, associatedData, abytes(sealed, undefined, 'sealed')),
    };
  };
  return Object.assign(algorithm, { keyBytes, nonceBytes, tagBytes });
}

function nodeHash(portable: keyof typeof hashes, name: string): Hash {
  const { digestBytes, blockBytes } = hashes[portable];
  const digestOf = (message: Uint8Array): Uint8Array =>
    new Uint8Array(
      createHash(name)
        .update(abytes(message, undefined, 'message'))
        .digest(),
    );
  const create: Hash['create'] = () => {
    const hash = createHash(name);
    return {
      update(piece) {
        hash.update(abytes(piece, undefined, 'piece'));
        return this;
      },
      digest: () => new Uint8Array(hash.digest()),
    };
  };
  return Object.assign(digestOf, { create, digestBytes, blockBytes });
}

function nodeKdf(portable: keyof typeof kdfs, name: string, digestBytes: number): Kdf {
  return (secret, salt, info, bytes) => {
    // Node limits `info`; beyond that, and for wrong arguments, the portable one answers.
    const own = info.length <= 1024 && bytes >= 1 && bytes <= 255 * digestBytes;
    if (!own) return kdfs[portable](secret, salt, info, bytes);
    return new Uint8Array(hkdfSync(name, secret, salt, info, bytes));
  };
}

const gcm = (keyBytes: number): CipherName => `aes-${keyBytes * 8}-gcm` as CipherGCMTypes;

/** `nodeAeads['aes-256-gcm'](key, nonce, associatedData)` */
export const nodeAeads = {
  'aes-gcm': nodeAead('aes-gcm', gcm),
  'aes-128-gcm': nodeAead('aes-128-gcm', gcm),
  'aes-256-gcm': nodeAead('aes-256-gcm', gcm),
  'chacha20-poly1305': nodeAead('chacha20-poly1305', () => 'chacha20-poly1305'),
} as const satisfies Readonly<Partial<Record<PortableAead, AeadAlgorithm>>>;

/** `nodeHashes.sha256(message)` */
export const nodeHashes = {
  sha256: nodeHash('sha256', 'sha256'),
  sha384: nodeHash('sha384', 'sha384'),
  sha512: nodeHash('sha512', 'sha512'),
  'sha3-256': nodeHash('sha3-256', 'sha3-256'),
  'sha3-384': nodeHash('sha3-384', 'sha3-384'),
  'sha3-512': nodeHash('sha3-512', 'sha3-512'),
} as const satisfies Readonly<Partial<Record<keyof typeof hashes, Hash>>>;

/** `nodeKdfs['hkdf-sha256'](secret, salt, info, bytes)` */
export const nodeKdfs = {
  'hkdf-sha256': nodeKdf('hkdf-sha256', 'sha256', 32),
  'hkdf-sha512': nodeKdf('hkdf-sha512', 'sha512', 64),
  'hkdf-sha3-256': nodeKdf('hkdf-sha3-256', 'sha3-256', 32),
} as const satisfies Readonly<Partial<Record<keyof typeof kdfs, Kdf>>>;
