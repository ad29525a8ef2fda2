/**
 * Signing and verifying `signed` envelopes (docs/protocol.md §7.1): signed bytes are
 * "lamplighter.v1 " || domain || 0x00 || payload, and k signatures by distinct keys make an object valid.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { asciiBytes, concatBytes, equalBytes, toHex } from '../wire/bytes.ts';
import { Algorithm, decodeSigned, type Signature, type Signed } from '../wire/signed.ts';
import { checkEd25519Key, ed25519PublicKey, ed25519Sign, ed25519Verify } from './ed25519.ts';
import { CryptoError } from './errors.ts';
import { sha256Of } from './suites.ts';

/** What an envelope is for; part of the signed bytes. */
export type EnvelopeDomain = 'release' | 'assignment' | 'roots' | 'configuration' | 'validators';

const KEY_ID_BYTES = 16;

/** Somebody who can sign: a key in memory, or one in a secure element. */
export interface EnvelopeSigner {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/**
 * Whom a device believes: k of the vendor's keys, or its own MAC key with the vendor (class L).
 */
export type VendorTrust =
  | { readonly kind: 'signature'; readonly threshold: number; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'mac'; readonly kvm: Uint8Array };

/** Key id: first 16 bytes of SHA-256 of the raw key (§2.1). */
export function keyIdOf(rawKey: Uint8Array): Uint8Array {
  return sha256Of(rawKey).slice(0, KEY_ID_BYTES);
}

/** A signer over a 32-byte Ed25519 secret key. */
export function newEd25519Signer(secretKey: Uint8Array): EnvelopeSigner {
  return {
    publicKey: ed25519PublicKey(secretKey),
    sign: (message) => ed25519Sign(secretKey, message),
  };
}

/** The bytes under every signature of a domain. */
export function envelopeMessage(domain: EnvelopeDomain, payload: Uint8Array): Uint8Array {
  return concatBytes(asciiBytes(`lamplighter.v1 ${domain}`), Uint8Array.of(0), payload);
}

/** Signs by alg 1 with one or more keys. */
export function signEnvelope(
  domain: EnvelopeDomain,
  payload: Uint8Array,
  ...signers: readonly EnvelopeSigner[]
): Signed {
  const message = envelopeMessage(domain, payload);
  const signatures = signers.map((signer): Signature => ({
    keyId: keyIdOf(signer.publicKey),
    alg: Algorithm.ed25519,
    sig: signer.sign(message),
  }));
  return { payload, signatures };
}

/** Makes the vendor's MAC for one device (alg 3). */
export function macEnvelope(domain: EnvelopeDomain, payload: Uint8Array, kvm: Uint8Array): Signed {
  const sig = hmac(sha256, kvm, envelopeMessage(domain, payload));
  return { payload, signatures: [{ keyId: keyIdOf(kvm), alg: Algorithm.vendorMac, sig }] };
}

interface TrustedKey {
  readonly alg: number;
  verifies(message: Uint8Array, sig: Uint8Array): boolean;
}

function trustedKeys(trust: VendorTrust): {
  readonly threshold: number;
  readonly keys: ReadonlyMap<string, TrustedKey>;
} {
  if (trust.kind === 'mac') {
    const verifies = (message: Uint8Array, sig: Uint8Array): boolean =>
      equalBytes(hmac(sha256, trust.kvm, message), sig);
    const key = { alg: Algorithm.vendorMac, verifies };
    return { threshold: 1, keys: new Map([[toHex(keyIdOf(trust.kvm)), key]]) };
  }
  const keys = new Map(
    trust.keys.map((key): [string, TrustedKey] => [
      toHex(keyIdOf(checkEd25519Key(key))),
      {
        alg: Algorithm.ed25519,
        verifies: (message, sig) => ed25519Verify(key, message, sig),
      },
    ]),
  );
  if (!Number.isSafeInteger(trust.threshold) || trust.threshold < 1) {
    throw new RangeError(`expected a threshold from 1 on, got ${trust.threshold}`);
  }
  return { threshold: trust.threshold, keys };
}

/**
 * Verifies an envelope: unknown keys are passed over, a false signature by a known key refuses the object, and a key
 * counts once however often it signed.
 *
 * @returns the payload as received
 * @throws {@link CryptoError} `SIGNATURE_INVALID`, `THRESHOLD_NOT_MET`, or `KEY_REFUSED` for a trusted key that is none
 */
export function verifyEnvelope(
  domain: EnvelopeDomain,
  signed: Signed,
  trust: VendorTrust,
): Uint8Array {
  const { threshold, keys } = trustedKeys(trust);
  const message = envelopeMessage(domain, signed.payload);
  const counted = new Set<string>();
  for (const { keyId, alg, sig } of signed.signatures) {
    const name = toHex(keyId);
    const key = keys.get(name);
    if (key === undefined) continue;
    if (alg !== key.alg || !key.verifies(message, sig)) {
      throw new CryptoError('SIGNATURE_INVALID', `a signature by the known key ${name} is false`);
    }
    counted.add(name);
  }
  if (counted.size < threshold) {
    throw new CryptoError(
      'THRESHOLD_NOT_MET',
      `expected ${threshold} signatures by distinct known keys, got ${counted.size}`,
    );
  }
  return signed.payload;
}

/**
 * Decodes and verifies in one step.
 *
 * @throws {@link WireError} when the bytes are not an envelope
 * @throws {@link CryptoError} as {@link verifyEnvelope}
 */
export function openEnvelope(
  domain: EnvelopeDomain,
  encoded: Uint8Array,
  trust: VendorTrust,
): Uint8Array {
  return verifyEnvelope(domain, decodeSigned(encoded), trust);
}
