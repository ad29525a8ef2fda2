/**
 * The suites of docs/protocol.md §4 as data, for everybody who judges one without speaking it: which algorithms it names,
 * for whom it is, how strong it is and by what it is limited (§5). Whoever speaks a suite has it from `crypto/suites.ts`.
 */

/** Names as in the catalogue `@lamplighter/sdk/crypto`. */
export type SuiteAead =
  | 'aes-gcm'
  | 'chacha20-poly1305'
  | 'ascon-aead128'
  | `${'simon' | 'speck'}-128-128-eax`
  | `${'simon' | 'speck'}-64-128-eax`
  | `${'simon' | 'speck'}-64-96-eax`
  | `present-${80 | 128}-eax`;
export type SuiteHash =
  'sha256' | 'sha3-256' | 'blake3' | 'ascon-hash256' | 'lsh-256-256' | 'spongent-256';

/** Limits of one key in one direction, and of frames (§5). */
export interface SuiteLimits {
  readonly records: number;
  /** Of nonce, associated data and text together, each rounded up. */
  readonly blocks: number;
  readonly frameBytes: number;
  /** Records and handshakes of an epoch that did not open, from which on it needs a new assignment. */
  readonly failures: number;
}

/** One line of the table in §4. */
export interface SuiteFacts {
  readonly id: number;
  readonly aead: SuiteAead;
  /** H, and the hash under HKDF or the sponge KDF. */
  readonly hash: SuiteHash;
  readonly kdf: 'hkdf' | 'ascon-cxof' | 'spongent';
  /** Lengths of the AEAD's key, nonce and tag in bytes (kl, nl). */
  readonly keyBytes: number;
  readonly nonceBytes: number;
  readonly tagBytes: number;
  /** Block by which §5 counts, in bytes. */
  readonly blockBytes: 8 | 16;
  readonly limits: SuiteLimits;
  /** Device classes that may use it: 0 end node, 1 lightweight. */
  readonly classes: readonly (0 | 1)[];
  /** Only for a device whose registration says legacy, and never for firmware. */
  readonly legacy: boolean;
}

/** AES-GCM, ChaCha20, Ascon and EAX over blocks of 128 bits. */
const WIDE: SuiteLimits = {
  records: 2 ** 24,
  blocks: 2 ** 32,
  frameBytes: 66_560,
  failures: 2 ** 20,
};
/** EAX over blocks of 64 bits. */
const NARROW: SuiteLimits = {
  records: 2 ** 20,
  blocks: 2 ** 20,
  frameBytes: 16_384,
  failures: 2 ** 16,
};

const E = [0] as const;
const L = [1] as const;
const BOTH = [0, 1] as const;
const LEGACY_FROM = 0x8000;

type Lengths = readonly [keyBytes: number, nonceBytes: number, tagBytes: number];

function line(
  id: number,
  aead: SuiteAead,
  [keyBytes, nonceBytes, tagBytes]: Lengths,
  hash: SuiteHash,
  classes: readonly (0 | 1)[],
  kdf: SuiteFacts['kdf'] = 'hkdf',
): SuiteFacts {
  const narrow = tagBytes === 8;
  return {
    id,
    aead,
    hash,
    kdf,
    keyBytes,
    nonceBytes,
    tagBytes,
    blockBytes: narrow ? 8 : 16,
    limits: narrow ? NARROW : WIDE,
    classes,
    legacy: id > LEGACY_FROM,
  };
}

/** In the order of their numbers. */
export const SUITES: readonly SuiteFacts[] = [
  line(0x0101, 'aes-gcm', [16, 12, 16], 'sha256', BOTH),
  line(0x0102, 'aes-gcm', [32, 12, 16], 'sha256', BOTH),
  line(0x0103, 'chacha20-poly1305', [32, 12, 16], 'sha256', BOTH),
  line(0x0104, 'aes-gcm', [32, 12, 16], 'sha3-256', E),
  line(0x0105, 'chacha20-poly1305', [32, 12, 16], 'blake3', E),
  line(0x0201, 'ascon-aead128', [16, 16, 16], 'ascon-hash256', BOTH, 'ascon-cxof'),
  line(0x0202, 'simon-128-128-eax', [16, 16, 16], 'lsh-256-256', L),
  line(0x0203, 'speck-128-128-eax', [16, 16, 16], 'lsh-256-256', L),
  line(0x0301, 'present-128-eax', [16, 8, 8], 'sha256', L),
  line(0x0302, 'simon-64-128-eax', [16, 8, 8], 'sha256', L),
  line(0x0303, 'speck-64-128-eax', [16, 8, 8], 'sha256', L),
  line(0x0304, 'present-128-eax', [16, 8, 8], 'spongent-256', L, 'spongent'),
  line(0x8001, 'present-80-eax', [10, 8, 8], 'sha256', L),
  line(0x8002, 'simon-64-96-eax', [12, 8, 8], 'sha256', L),
  line(0x8003, 'speck-64-96-eax', [12, 8, 8], 'sha256', L),
];

const byId: ReadonlyMap<number, SuiteFacts> = new Map(SUITES.map((each) => [each.id, each]));

/** @returns undefined for a number that §4 does not have */
export function suiteFacts(id: number): SuiteFacts | undefined {
  return byId.get(id);
}

/** What a new assignment names when nobody says otherwise (§4): class E, class L. */
export const DEFAULT_SUITES: readonly [end: number, lightweight: number] = [0x0103, 0x0201];

/** Collisions of a hash of 256 bits. */
const HASH_BITS = 128;
/** X25519 and Ed25519, class E. */
const CURVE_BITS = 128;
/** Second preimages of SHA-256/192 (mauth 3) and of the chain's hash (mauth 2). */
const PROOF_BITS = { 1: CURVE_BITS, 2: HASH_BITS, 3: 192 } as const;

/** The parts of a device's security that its suite and its assignment decide, each in bits. */
export interface SuiteStrength {
  /** Least of key and tag: the work of one forged record. */
  readonly aead: number;
  readonly hashCollision: number;
  /** X25519; class L has the pre-shared key only, which is as long as the hash. */
  readonly keyAgreement: number;
  readonly managerProofStrength: number;
}

/** @param mauth how the manager proves itself (§3.3) */
export function suiteStrength(
  { keyBytes, tagBytes }: SuiteFacts,
  deviceClass: 0 | 1,
  mauth: 1 | 2 | 3,
): SuiteStrength {
  return {
    aead: 8 * Math.min(keyBytes, tagBytes),
    hashCollision: HASH_BITS,
    keyAgreement: deviceClass === 0 ? CURVE_BITS : 256,
    managerProofStrength: PROOF_BITS[mauth],
  };
}

/** Effective strength: the least of the parts. */
export function effectiveStrength(parts: SuiteStrength): number {
  return Math.min(parts.aead, parts.hashCollision, parts.keyAgreement, parts.managerProofStrength);
}
