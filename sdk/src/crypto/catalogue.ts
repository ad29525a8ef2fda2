/**
 * Every algorithm by the name of its vector file. Who knows what is needed imports that algorithm's own module
 * (`@lamplighter/sdk/crypto/speck`), and bundles no other.
 */
import type { AeadAlgorithm, BlockCipherAlgorithm, Hash, Mac, Xof } from './primitives.ts';

/** `blockCiphers['speck-64-128'](key)` */
export const blockCiphers = {} as const satisfies Readonly<Record<string, BlockCipherAlgorithm>>;

/** `hashes['lsh-256-256'](message)` */
export const hashes = {} as const satisfies Readonly<Record<string, Hash>>;

/** `macs['simon-128-128-cmac'](key, message)` */
export const macs = {} as const satisfies Readonly<Record<string, Mac>>;

/** `aeads['present-128-eax'](key, nonce, associatedData)` */
export const aeads = {} as const satisfies Readonly<Record<string, AeadAlgorithm>>;

/** `xofs['ascon-xof128'](message, bytes)` */
export const xofs = {} as const satisfies Readonly<Record<string, Xof>>;
