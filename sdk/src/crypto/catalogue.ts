/**
 * Every algorithm by the name of its vector file. Who knows what is needed imports that algorithm's own module
 * (`@lamplighter/sdk/crypto/speck`), and bundles no other.
 */
import { cmac } from './cmac.ts';
import { eax } from './eax.ts';
import type { AeadAlgorithm, BlockCipherAlgorithm, Hash, Mac, Xof } from './primitives.ts';
import { simon64_96, simon64_128, simon128_128, simon128_192, simon128_256 } from './simon.ts';
import { speck64_96, speck64_128, speck128_128, speck128_192, speck128_256 } from './speck.ts';

/** `blockCiphers['speck-64-128'](key)` */
export const blockCiphers = {
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
export const hashes = {} as const satisfies Readonly<Record<string, Hash>>;

/** `macs['simon-128-128-cmac'](key, message)` */
export const macs = {
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
export const xofs = {} as const satisfies Readonly<Record<string, Xof>>;
