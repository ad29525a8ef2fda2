/**
 * The cipher suites of docs/protocol.md §4 as a device or a manager speaks them: what `wire/suite-table.ts` says of one, and
 * the algorithms that it names.
 */
import { suiteFacts, SUITES } from '../wire/suite-table.ts';
import type { SuiteAead, SuiteFacts, SuiteHash } from '../wire/suite-table.ts';
import { aeads, hashes } from './catalogue.ts';
import { asconCxof128 } from './ascon-hash.ts';
import { CryptoError } from './errors.ts';
import type { Aead, AeadAlgorithm, Hash } from './primitives.ts';
import { asconKdf, hkdfOver, spongentKdf, type SuiteKdf } from './suite-kdf.ts';

/** A suite's AEAD under one key. */
export interface KeyedAead {
  /** ciphertext || tag. */
  seal(nonce: Uint8Array, ad: Uint8Array, text: Uint8Array): Uint8Array;
  /** @throws {@link CryptoError} `AEAD_REFUSED` */
  open(nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array;
}

/** What the protocol needs of a suite. */
export interface Suite extends Omit<SuiteFacts, 'aead' | 'hash' | 'kdf'>, SuiteKdf {
  /** For people. */
  readonly name: string;
  /** Hf of §6.2: the suite's hash, undefined where Hf is SHA-256. */
  readonly imageHash?: Hash;
  /** ciphertext || tag. */
  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, text: Uint8Array): Uint8Array;
  /** @throws {@link CryptoError} `AEAD_REFUSED` */
  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array;
  /** For many messages under one key, whose schedule is computed once; `key` stays as it is for so long. */
  aead(key: Uint8Array): KeyedAead;
}

/** The code of algorithms that suites name. */
export interface SuiteAlgorithms {
  readonly aeads: Readonly<Record<SuiteAead, AeadAlgorithm>>;
  readonly hashes: Readonly<Record<SuiteHash, Hash>>;
}

function kdfOf(kdf: SuiteFacts['kdf'], hash: Hash): SuiteKdf {
  if (kdf === 'ascon-cxof') return asconKdf(hash, asconCxof128);
  return kdf === 'spongent' ? spongentKdf(hash) : hkdfOver(hash);
}

/** §6.2: the suite's own, but SHA-256 where that is no hash for whole images. */
function imageHashOf({ hash, kdf }: SuiteFacts, code: Hash): { readonly imageHash?: Hash } {
  return hash === 'sha256' || kdf === 'spongent' ? {} : { imageHash: code };
}

function newSuite(facts: SuiteFacts, algorithms: SuiteAlgorithms): Suite {
  const { aead, hash, kdf, ...sizes } = facts;
  const cipher = algorithms.aeads[aead];
  const hashCode = algorithms.hashes[hash];
  const number = facts.id.toString(16).padStart(4, '0');
  return {
    ...sizes,
    ...kdfOf(kdf, hashCode),
    ...imageHashOf(facts, hashCode),
    name: `suite 0x${number} (${aead}, ${hash}, ${kdf})`,
    seal: (key, nonce, ad, text) => cipher(key, nonce, ad).encrypt(text),
    open: (key, nonce, ad, sealed) => opened(() => cipher(key, nonce, ad), sealed),
    aead: (key) => keyedAead(cipher, key),
  };
}

function keyedAead(cipher: AeadAlgorithm, key: Uint8Array): KeyedAead {
  const begin =
    cipher.under?.(key) ?? ((nonce: Uint8Array, ad?: Uint8Array) => cipher(key, nonce, ad));
  return {
    seal: (nonce, ad, text) => begin(nonce, ad).encrypt(text),
    open: (nonce, ad, sealed) => opened(() => begin(nonce, ad), sealed),
  };
}

function opened(begin: () => Aead, sealed: Uint8Array): Uint8Array {
  try {
    return begin().decrypt(sealed);
  } catch (error) {
    throw new CryptoError('AEAD_REFUSED', 'the sealed bytes do not open', { cause: error });
  }
}

const portable: SuiteAlgorithms = { aeads, hashes };
let algorithms = portable;
const made = new Map<number, Suite>();

/**
 * Has suites asked for from now on work with other code of the same algorithms: a server's, which is faster. Each gives the
 * same bytes as the portable one.
 */
export function useAlgorithms(faster: {
  readonly aeads?: Partial<SuiteAlgorithms['aeads']>;
  readonly hashes?: Partial<SuiteAlgorithms['hashes']>;
}): void {
  algorithms = {
    aeads: { ...portable.aeads, ...faster.aeads },
    hashes: { ...portable.hashes, ...faster.hashes },
  };
  made.clear();
}

/** Suite numbers that this version can speak. */
export const suiteIds: readonly number[] = SUITES.map(({ id }) => id);

/** The suite of a dummy check for an unknown kid (§3.1). */
export const DUMMY_SUITE = 0x0103;

/**
 * @throws {@link CryptoError} `SUITE_UNKNOWN`
 */
export function suiteOf(id: number): Suite {
  const known = made.get(id);
  if (known !== undefined) return known;
  const facts = suiteFacts(id);
  if (facts === undefined) {
    throw new CryptoError('SUITE_UNKNOWN', `suite 0x${id.toString(16)} is not in this version`);
  }
  const suite = newSuite(facts, algorithms);
  made.set(id, suite);
  return suite;
}

const hkdfSha256 = hkdfOver(hashes.sha256);

/** Expand': the HKDF-SHA-256 Expand of every suite, for keys between vendor and device (§2.1). */
export const expandSha256: Suite['expand'] = (...parameters) => hkdfSha256.expand(...parameters);

/** SHA-256, on every device whatever its suite (§4). */
export function sha256Of(...parts: readonly Uint8Array[]): Uint8Array {
  return hkdfSha256.hash(...parts);
}
