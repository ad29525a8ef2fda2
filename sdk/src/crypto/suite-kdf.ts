/**
 * The three ways in which a suite derives keys (docs/protocol.md §4): HKDF over its hash, Ascon's CXOF, and SPONGENT's
 * sponge. Each is Extract, Expand and Mac, and the suite's hash H.
 */
import { asciiBytes, be16, concatBytes } from '../wire/bytes.ts';
import { hkdfExpand, hmac } from './hmac.ts';
import type { Hash, Xof } from './primitives.ts';

/** `context` is at most 255 bytes, `label` at most 240 ASCII characters. */
export interface SuiteKdf {
  /** H over the joined parts, 32 bytes. */
  hash(...parts: readonly Uint8Array[]): Uint8Array;
  /** Extract(salt, ikm), 32 bytes. */
  extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array;
  /** Expand(k, label, ctx, L). */
  expand(key: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array;
  /** Mac(k, m), 32 bytes. */
  mac(key: Uint8Array, message: Uint8Array): Uint8Array;
}

const PREFIX = 'lamplighter.v1';
const OUTPUT_BYTES = 32;

/** info of §4: be16(L) || u8(|l|) || l || u8(|ctx|) || ctx with l = "lamplighter.v1 " || label. */
export function expandInfo(label: string, context: Uint8Array, length: number): Uint8Array {
  const name = asciiBytes(`${PREFIX} ${label}`);
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
export function hkdfOver(hash: Hash): SuiteKdf {
  return {
    hash: hashOfParts(hash),
    extract: (salt, ikm) => hmac(hash, salt, ikm),
    expand: (key, label, context, length) =>
      hkdfExpand(hash, key, expandInfo(label, context, length), length),
    mac: (key, message) => hmac(hash, key, message),
  };
}

/** P(k, t, m, L) of §4. */
type Sponge = (key: Uint8Array, use: number, message: Uint8Array, length: number) => Uint8Array;

const EXTRACT = 1;
const EXPAND = 2;
const MAC = 3;

function keyedBy(hash: Hash, sponge: Sponge): SuiteKdf {
  return {
    hash: hashOfParts(hash),
    extract: (salt, ikm) => sponge(salt, EXTRACT, ikm, OUTPUT_BYTES),
    expand: (key, label, context, length) =>
      sponge(key, EXPAND, expandInfo(label, context, length), length),
    mac: (key, message) => sponge(key, MAC, message, OUTPUT_BYTES),
  };
}

/** Ascon-CXOF128, customization "lamplighter.v1", message u8(t) || be16(|k|) || k || m. */
export function asconKdf(hash: Hash, cxof: Xof): SuiteKdf {
  const customization = asciiBytes(PREFIX);
  return keyedBy(hash, (key, use, message, length) =>
    cxof(concatBytes(Uint8Array.of(use), be16(key.length), key, message), length, customization),
  );
}

/** Blocks i = 0, 1, … of H("lamplighter.v1" || u8(t) || be16(|k|) || k || be16(L) || u8(i) || m), joined and cut to L. */
export function spongentKdf(hash: Hash): SuiteKdf {
  const prefix = asciiBytes(PREFIX);
  return keyedBy(hash, (key, use, message, length) => {
    const blocks = Array.from({ length: Math.ceil(length / hash.digestBytes) }, (_, index) =>
      hash(
        concatBytes(
          prefix,
          Uint8Array.of(use),
          be16(key.length),
          key,
          be16(length),
          Uint8Array.of(index),
          message,
        ),
      ),
    );
    return concatBytes(...blocks).slice(0, length);
  });
}

function hashOfParts(hash: Hash): SuiteKdf['hash'] {
  return (...parts) => {
    const running = hash.create();
    for (const part of parts) running.update(part);
    return running.digest();
  };
}
