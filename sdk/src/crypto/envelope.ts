/**
 * Signing `signed` envelopes by Ed25519, and verifying them under a vendor's keys (docs/protocol.md §7.1). What does not
 * need public-key code is in `trusted-keys.ts`.
 */
import { toHex } from '../wire/bytes.ts';
import { Algorithm, decodeSigned, type Signature, type Signed } from '../wire/signed.ts';
import { checkEd25519Key, ed25519PublicKey, ed25519Sign, ed25519Verify } from './ed25519.ts';
import { envelopeMessage, keyIdOf, macTrust, verifyUnder } from './trusted-keys.ts';
import type { EnvelopeDomain, TrustedKey, TrustedKeys } from './trusted-keys.ts';

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

/** A signer over a 32-byte Ed25519 secret key. */
export function newEd25519Signer(secretKey: Uint8Array): EnvelopeSigner {
  return {
    publicKey: ed25519PublicKey(secretKey),
    sign: (message) => ed25519Sign(secretKey, message),
  };
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

function trustedKeys(trust: VendorTrust): TrustedKeys {
  if (trust.kind === 'mac') return macTrust(trust.kvm);
  if (!Number.isSafeInteger(trust.threshold) || trust.threshold < 1) {
    throw new RangeError(`expected a threshold from 1 on, got ${trust.threshold}`);
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
  return verifyUnder(domain, signed, trustedKeys(trust));
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
