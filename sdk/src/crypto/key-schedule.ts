/**
 * The key schedule of docs/protocol.md §3.2, line by line. Everything here is pure; who erases what, and when, is said at
 * the callers in protocol/.
 */
import { asciiBytes, be32, be64, concatBytes, erase } from '../wire/bytes.ts';
import { SESSIONS_PER_GENERATION } from '../wire/limits.ts';
import type { Suite } from './suites.ts';

const EMPTY = new Uint8Array(0);
const MAC_BYTES = 16;

/** A generation key K_g and its index g. */
export interface Generation {
  readonly index: number;
  readonly key: Uint8Array;
}

/** A key and the iv (or whole nonce) that goes with it. */
export interface KeyAndIv {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** EN, §2.2. */
export function enrolmentHash(suite: Suite, payload: Uint8Array): Uint8Array {
  return suite.hash(asciiBytes('lamplighter.v1 enrolment'), payload);
}

/** K_hello and K_0. K_root is erased here; erasing `psk` is the caller's. */
export function enrolmentKeys(
  suite: Suite,
  psk: Uint8Array,
  en: Uint8Array,
): { readonly kHello: Uint8Array; readonly k0: Uint8Array } {
  const root = suite.extract(asciiBytes('lamplighter.v1 psk'), psk);
  const keys = {
    kHello: suite.expand(root, 'hello', en, 32),
    k0: suite.expand(root, 'gen', en, 32),
  };
  erase(root);
  return keys;
}

/** K_{g+1}. */
export function nextGeneration(suite: Suite, key: Uint8Array): Uint8Array {
  return suite.expand(key, 'next', EMPTY, 32);
}

/** g of a counter. */
export function generationIndex(ctr: number): number {
  return Math.floor(ctr / SESSIONS_PER_GENERATION);
}

/**
 * Steps a generation forward; the one given stays as it is.
 *
 * @throws {@link RangeError} for an index behind it
 */
export function generationAt(suite: Suite, from: Generation, index: number): Generation {
  if (index < from.index) {
    throw new RangeError(`expected a generation from ${from.index} on, got ${index}`);
  }
  // Not slice(): a Buffer's shares memory, and what was given would be erased.
  let key: Uint8Array = Uint8Array.from(from.key);
  for (let at = from.index; at < index; at += 1) {
    const next = nextGeneration(suite, key);
    erase(key);
    key = next;
  }
  return { index, key };
}

/** mac0 of Hello. */
export function helloMac(suite: Suite, kHello: Uint8Array, helloCore: Uint8Array): Uint8Array {
  return suite.mac(kHello, concatBytes(Uint8Array.of(1), helloCore)).slice(0, MAC_BYTES);
}

/** mac of resync. */
export function resyncMac(
  suite: Suite,
  kHello: Uint8Array,
  nd: Uint8Array,
  ctr: number,
): Uint8Array {
  return suite.mac(kHello, concatBytes(Uint8Array.of(7), nd, be64(ctr))).slice(0, MAC_BYTES);
}

/** h1 over the whole Hello frame. */
export function transcriptOfHello(suite: Suite, en: Uint8Array, frame: Uint8Array): Uint8Array {
  return suite.hash(en, frame);
}

/** h2, h3, h4: the hash so far and the contents of the next byte string. */
export function transcriptNext(suite: Suite, hash: Uint8Array, next: Uint8Array): Uint8Array {
  return suite.hash(hash, next);
}

/** S. Z is empty for class L. */
export function handshakeSecret(suite: Suite, generation: Uint8Array, z: Uint8Array): Uint8Array {
  return suite.extract(generation, z);
}

/** k_a, n_a under h2, or k_f, n_f under h3. */
export function handshakeKeys(
  suite: Suite,
  secret: Uint8Array,
  frame: 'accept' | 'finish',
  transcript: Uint8Array,
): KeyAndIv {
  return {
    key: suite.expand(secret, `${frame} key`, transcript, suite.keyBytes),
    iv: suite.expand(secret, `${frame} iv`, transcript, suite.nonceBytes),
  };
}

/** MS. */
export function sessionSecret(suite: Suite, secret: Uint8Array, h4: Uint8Array): Uint8Array {
  return suite.expand(secret, 'session', h4, 32);
}

/** rs, from which a session may be resumed (§3.5). */
export function resumptionSecret(suite: Suite, ms: Uint8Array, h4: Uint8Array): Uint8Array {
  return suite.expand(ms, 'resume', h4, 32);
}

/** The key of mac0 in a Hello that resumes (§3.5). */
export function resumedHelloKey(suite: Suite, rs: Uint8Array, en: Uint8Array): Uint8Array {
  return suite.expand(rs, 'hello', en, 32);
}

/** S of a resumed session (§3.5). */
export function resumedSecret(suite: Suite, rs: Uint8Array, en: Uint8Array): Uint8Array {
  const generation = suite.expand(rs, 'gen', en, 32);
  const secret = suite.extract(generation, EMPTY);
  erase(generation);
  return secret;
}

/** T[dir]_0. */
export function trafficSecret(
  suite: Suite,
  ms: Uint8Array,
  direction: 'm2d' | 'd2m',
  h4: Uint8Array,
): Uint8Array {
  return suite.expand(ms, direction, h4, 32);
}

/** key[dir]_i and iv[dir]_i. */
export function trafficKeys(suite: Suite, traffic: Uint8Array, generation: number): KeyAndIv {
  const context = be32(generation);
  return {
    key: suite.expand(traffic, 'key', context, suite.keyBytes),
    iv: suite.expand(traffic, 'iv', context, suite.nonceBytes),
  };
}

/** T[dir]_{i+1}. */
export function nextTraffic(suite: Suite, traffic: Uint8Array): Uint8Array {
  return suite.expand(traffic, 'rekey', EMPTY, 32);
}

/** Nonce of a record or chunk: iv XOR be64(sequence), left-padded with zeros (§5). */
export function nonceOf(iv: Uint8Array, sequence: number): Uint8Array {
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    throw new RangeError(`expected a sequence number, got ${sequence}`);
  }
  const nonce = Uint8Array.from(iv);
  let rest = sequence;
  for (let at = nonce.length - 1; rest > 0; at -= 1) {
    nonce[at] = (nonce[at] ?? 0) ^ (rest % 256);
    rest = Math.floor(rest / 256);
  }
  return nonce;
}
