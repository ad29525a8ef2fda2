/**
 * Verifying `signed` envelopes under whatever keys are trusted (docs/protocol.md §7.1): signed bytes are
 * "lamplighter.v1 " || domain || 0x00 || payload, and k signatures by distinct keys make an object valid. Of the algorithms
 * only the vendor MAC is here; Ed25519 is in `envelope.ts`.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { asciiBytes, concatBytes, equalBytes, toHex } from '../wire/bytes.ts';
import { Algorithm, type Signed } from '../wire/signed.ts';
import { CryptoError } from './errors.ts';
import { sha256Of } from './suites.ts';

/** What an envelope is for; part of the signed bytes. */
export type EnvelopeDomain = 'release' | 'assignment' | 'roots' | 'configuration' | 'validators';

const KEY_ID_BYTES = 16;

/** Key id: first 16 bytes of SHA-256 of the raw key (§2.1). */
export function keyIdOf(rawKey: Uint8Array): Uint8Array {
  return sha256Of(rawKey).slice(0, KEY_ID_BYTES);
}

/** The bytes under every signature of a domain. */
export function envelopeMessage(domain: EnvelopeDomain, payload: Uint8Array): Uint8Array {
  return concatBytes(asciiBytes(`lamplighter.v1 ${domain}`), Uint8Array.of(0), payload);
}

/** Makes the vendor's MAC for one device (alg 3). */
export function macEnvelope(domain: EnvelopeDomain, payload: Uint8Array, kvm: Uint8Array): Signed {
  const sig = hmac(sha256, kvm, envelopeMessage(domain, payload));
  return { payload, signatures: [{ keyId: keyIdOf(kvm), alg: Algorithm.vendorMac, sig }] };
}

/** A key that can make a signature right. */
export interface TrustedKey {
  readonly alg: number;
  verifies(message: Uint8Array, sig: Uint8Array): boolean;
}

/** Keys by the hex of their id, and how many of them have to sign. */
export interface TrustedKeys {
  readonly threshold: number;
  readonly keys: ReadonlyMap<string, TrustedKey>;
}

/** Class L with alg 3 (§7.1): k = 1, only its own MAC. */
export function macTrust(kvm: Uint8Array): TrustedKeys {
  const verifies = (message: Uint8Array, sig: Uint8Array): boolean =>
    equalBytes(hmac(sha256, kvm, message), sig);
  return {
    threshold: 1,
    keys: new Map([[toHex(keyIdOf(kvm)), { alg: Algorithm.vendorMac, verifies }]]),
  };
}

/**
 * Verifies an envelope: unknown keys are passed over, a false signature by a known key refuses the object, and a key
 * counts once however often it signed.
 *
 * @returns the payload as received
 * @throws {@link CryptoError} `SIGNATURE_INVALID`, `THRESHOLD_NOT_MET`
 */
export function verifyUnder(
  domain: EnvelopeDomain,
  signed: Signed,
  { threshold, keys }: TrustedKeys,
): Uint8Array {
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
