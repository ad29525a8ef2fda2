/**
 * Every algorithm by the name of its vector file. Who knows what is needed imports that algorithm's own module
 * (`@lamplighter/sdk/crypto/speck`), and bundles no other.
 */
import { aes128Gcm, aes256Gcm, aesGcm } from './aes-gcm.ts';
import { aesGcmSiv } from './aes-gcm-siv.ts';
import { asconAead128 } from './ascon-aead.ts';
import { asconCxof128, asconHash256, asconXof128 } from './ascon-hash.ts';
import { blake3, blake3Xof } from './blake3.ts';
import { chacha20Poly1305, xchacha20Poly1305 } from './chacha20-poly1305.ts';
import { cmac } from './cmac.ts';
import { eax } from './eax.ts';
import { hkdfSha256, hkdfSha3_256, hkdfSha512, type Kdf } from './hkdf.ts';
import { lsh256_224, lsh256_256 } from './lsh256.ts';
import { lsh512_224, lsh512_256, lsh512_384, lsh512_512 } from './lsh512.ts';
import type { AeadAlgorithm, BlockCipherAlgorithm, Hash, Mac, Xof } from './primitives.ts';
import { present80, present128 } from './present.ts';
import { sha256, sha384, sha512 } from './sha2.ts';
import { sha3_256, sha3_384, sha3_512, shake128, shake256 } from './sha3.ts';
import { simon64_96, simon64_128, simon128_128, simon128_192, simon128_256 } from './simon.ts';
import { speck64_96, speck64_128, speck128_128, speck128_192, speck128_256 } from './speck.ts';
import { spongent88, spongent128, spongent160, spongent224, spongent256 } from './spongent.ts';

/** `blockCiphers['speck-64-128'](key)` */
export const blockCiphers = {
  'present-80': present80,
  'present-128': present128,
  'simon-64-96': simon64_96,
  'simon-64-128': simon64_128,
  'simon-128-128': simon128_128,
  'simon-128-192': simon128_192,
  'simon-128-256': simon128_256,
  'speck-64-96': speck64_96,
  'speck-64-128': speck64_128,
  'speck-128-128': speck128_128,
  'speck-128-192': speck128_192,
  'speck-128-256': speck128_256,
} as const satisfies Readonly<Record<string, BlockCipherAlgorithm>>;

/** `hashes['lsh-256-256'](message)` */
export const hashes = {
  'ascon-hash256': asconHash256,
  blake3,
  'lsh-256-224': lsh256_224,
  'lsh-256-256': lsh256_256,
  'lsh-512-224': lsh512_224,
  'lsh-512-256': lsh512_256,
  'lsh-512-384': lsh512_384,
  'lsh-512-512': lsh512_512,
  sha256,
  sha384,
  sha512,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
  'spongent-88': spongent88,
  'spongent-128': spongent128,
  'spongent-160': spongent160,
  'spongent-224': spongent224,
  'spongent-256': spongent256,
} as const satisfies Readonly<Record<string, Hash>>;

/** `macs['simon-128-128-cmac'](key, message)` */
export const macs = {
  'present-80-cmac': /* @__PURE__ */ cmac(present80),
  'present-128-cmac': /* @__PURE__ */ cmac(present128),
  'simon-64-96-cmac': /* @__PURE__ */ cmac(simon64_96),
  'simon-64-128-cmac': /* @__PURE__ */ cmac(simon64_128),
  'simon-128-128-cmac': /* @__PURE__ */ cmac(simon128_128),
  'simon-128-192-cmac': /* @__PURE__ */ cmac(simon128_192),
  'simon-128-256-cmac': /* @__PURE__ */ cmac(simon128_256),
  'speck-64-96-cmac': /* @__PURE__ */ cmac(speck64_96),
  'speck-64-128-cmac': /* @__PURE__ */ cmac(speck64_128),
  'speck-128-128-cmac': /* @__PURE__ */ cmac(speck128_128),
  'speck-128-192-cmac': /* @__PURE__ */ cmac(speck128_192),
  'speck-128-256-cmac': /* @__PURE__ */ cmac(speck128_256),
} as const satisfies Readonly<Record<string, Mac>>;

/** `aeads['present-128-eax'](key, nonce, associatedData)` */
export const aeads = {
  'aes-gcm': aesGcm,
  'aes-128-gcm': aes128Gcm,
  'aes-256-gcm': aes256Gcm,
  'aes-gcm-siv': aesGcmSiv,
  'ascon-aead128': asconAead128,
  'chacha20-poly1305': chacha20Poly1305,
  'xchacha20-poly1305': xchacha20Poly1305,
  'present-80-eax': /* @__PURE__ */ eax(present80),
  'present-128-eax': /* @__PURE__ */ eax(present128),
  'simon-64-96-eax': /* @__PURE__ */ eax(simon64_96),
  'simon-64-128-eax': /* @__PURE__ */ eax(simon64_128),
  'simon-128-128-eax': /* @__PURE__ */ eax(simon128_128),
  'simon-128-192-eax': /* @__PURE__ */ eax(simon128_192),
  'simon-128-256-eax': /* @__PURE__ */ eax(simon128_256),
  'speck-64-96-eax': /* @__PURE__ */ eax(speck64_96),
  'speck-64-128-eax': /* @__PURE__ */ eax(speck64_128),
  'speck-128-128-eax': /* @__PURE__ */ eax(speck128_128),
  'speck-128-192-eax': /* @__PURE__ */ eax(speck128_192),
  'speck-128-256-eax': /* @__PURE__ */ eax(speck128_256),
} as const satisfies Readonly<Record<string, AeadAlgorithm>>;

/** `xofs['ascon-xof128'](message, bytes)` */
export const xofs = {
  'ascon-xof128': asconXof128,
  'ascon-cxof128': asconCxof128,
  blake3: blake3Xof,
  shake128,
  shake256,
} as const satisfies Readonly<Record<string, Xof>>;

/** `kdfs['hkdf-sha256'](secret, salt, info, bytes)` */
export const kdfs = {
  'hkdf-sha256': hkdfSha256,
  'hkdf-sha512': hkdfSha512,
  'hkdf-sha3-256': hkdfSha3_256,
} as const satisfies Readonly<Record<string, Kdf>>;
