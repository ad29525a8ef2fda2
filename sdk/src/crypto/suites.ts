/**
 * The cipher suites of docs/protocol.md §4 as data: an AEAD, a hash and the derivations made of it, and the limits of §5.
 * A further suite is one more entry of the registry. This version holds 0x0103.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand as hkdfExpand } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { asciiBytes, be16, concatBytes } from '../wire/bytes.ts';
import { CryptoError } from './errors.ts';

/** Limits of one key in one direction, and of frames (§5). */
export interface SuiteLimits {
  readonly records: number;
  readonly blocks: number;
  readonly frameBytes: number;
}

/** What the protocol needs of a suite. `context` is at most 255 bytes, `label` at most 240 ASCII characters. */
export interface Suite {
  readonly id: number;
  readonly name: string;
  /** Lengths of the AEAD's key, nonce and tag in bytes (kl, nl). */
  readonly keyBytes: number;
  readonly nonceBytes: number;
  readonly tagBytes: number;
  /** Block by which §5 counts, in bytes. */
  readonly blockBytes: number;
  readonly limits: SuiteLimits;
  /** Device classes that may use it: 0 end node, 1 lightweight (§4). */
  readonly classes: readonly (0 | 1)[];
  /** H over the joined parts, 32 bytes. */
  hash(...parts: readonly Uint8Array[]): Uint8Array;
  /** Extract(salt, ikm), 32 bytes. */
  extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array;
  /** Expand(k, label, ctx, L). */
  expand(key: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array;
  /** Mac(k, m), 32 bytes. */
  mac(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** ciphertext || tag. */
  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, text: Uint8Array): Uint8Array;
  /** @throws {@link CryptoError} `AEAD_REFUSED` */
  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array;
}

type Kdf = Pick<Suite, 'hash' | 'extract' | 'expand' | 'mac'>;
type Aead = Pick<Suite, 'keyBytes' | 'nonceBytes' | 'tagBytes' | 'blockBytes' | 'limits'> & {
  readonly cipher: (
    key: Uint8Array,
    nonce: Uint8Array,
    ad: Uint8Array,
  ) => {
    encrypt(text: Uint8Array): Uint8Array;
    decrypt(sealed: Uint8Array): Uint8Array;
  };
};

/** info of §4: be16(L) || u8(|l|) || l || u8(|ctx|) || ctx with l = "lamplighter.v1 " || label. */
export function expandInfo(label: string, context: Uint8Array, length: number): Uint8Array {
  const name = asciiBytes(`lamplighter.v1 ${label}`);
  if (name.length > 0xff || context.length > 0xff) {
    throw new RangeError('expected a label and a context of at most 255 bytes');
  }
  return concatBytes(
    be16(length),
    Uint8Array.of(name.length),
    name,
    Uint8Array.of(context.length),
    context,
  );
}

/** HKDF suites (§4, RFC 5869). */
function hkdf(hash: typeof sha256): Kdf {
  return {
    hash: (...parts) => hash(concatBytes(...parts)),
    extract: (salt, ikm) => hmac(hash, salt, ikm),
    expand: (key, label, context, length) =>
      hkdfExpand(hash, key, expandInfo(label, context, length), length),
    mac: (key, message) => hmac(hash, key, message),
  };
}

const hkdfSha256 = hkdf(sha256);

/** Limits of the suites with 128-bit blocks, ChaCha20 and Ascon (§5). */
const wideLimits: SuiteLimits = { records: 2 ** 24, blocks: 2 ** 32, frameBytes: 66_560 };

const chacha20Poly1305: Aead = {
  keyBytes: 32,
  nonceBytes: 12,
  tagBytes: 16,
  blockBytes: 16,
  limits: wideLimits,
  cipher: (key, nonce, ad) => chacha20poly1305(key, nonce, ad),
};

function suite(
  id: number,
  name: string,
  aead: Aead,
  kdf: Kdf,
  classes: readonly (0 | 1)[],
): [number, Suite] {
  const { cipher, ...sizes } = aead;
  return [
    id,
    {
      id,
      name,
      classes,
      ...sizes,
      ...kdf,
      seal: (key, nonce, ad, text) => cipher(key, nonce, ad).encrypt(text),
      open(key, nonce, ad, sealed) {
        try {
          return cipher(key, nonce, ad).decrypt(sealed);
        } catch (error) {
          throw new CryptoError('AEAD_REFUSED', 'the sealed bytes do not open', { cause: error });
        }
      },
    },
  ];
}

const registry: ReadonlyMap<number, Suite> = new Map([
  suite(0x0103, 'ChaCha20-Poly1305, SHA-256, HKDF', chacha20Poly1305, hkdfSha256, [0, 1]),
]);

/** Suite numbers that this version can speak. */
export const suiteIds: readonly number[] = [...registry.keys()];

/** Default suite of an end node (§4), also the one of a dummy check for an unknown kid. */
export const DEFAULT_SUITE = 0x0103;

/**
 * @throws {@link CryptoError} `SUITE_UNKNOWN`
 */
export function suiteOf(id: number): Suite {
  const found = registry.get(id);
  if (found === undefined) {
    throw new CryptoError('SUITE_UNKNOWN', `suite 0x${id.toString(16)} is not in this version`);
  }
  return found;
}

/** Expand': the HKDF-SHA-256 Expand of every suite, for keys between vendor and device (§2.1). */
export const expandSha256: Suite['expand'] = (...parameters) => hkdfSha256.expand(...parameters);

/** SHA-256, on every device whatever its suite (§4). */
export function sha256Of(...parts: readonly Uint8Array[]): Uint8Array {
  return hkdfSha256.hash(...parts);
}
