/**
 * Cryptography of lamplighter.v1: suites, key schedule, chain, trees, content and envelopes (docs/protocol.md §3, §4, §6.6,
 * §7), and the catalogue of algorithms.
 */
export { asciiBytes, be16, be32, be64, concatBytes, equalBytes, erase } from '../wire/bytes.ts';
export * from './catalogue.ts';
export * from './chain.ts';
export * from './cmac.ts';
export * from './content.ts';
export * from './ctr.ts';
export * from './eax.ts';
export * from './ed25519.ts';
export * from './end-node-code.ts';
export * from './envelope.ts';
export * from './errors.ts';
export { hkdfSha256, type Kdf } from './hkdf.ts';
export * from './hss.ts';
export * from './hmac.ts';
export * from './key-schedule.ts';
export * from './lms.ts';
export * from './merkle.ts';
export * from './p256.ts';
export * from './primitives.ts';
export * from './public-key-code.ts';
export * from './suite-kdf.ts';
export * from './slh-dsa.ts';
export * from './suites.ts';
export * from './trusted-keys.ts';
export * from './vendor-keys.ts';
export * from './x25519.ts';
