/**
 * One member of the channel, as read from a SerializedIdentity, and its verdicts on signatures. A verdict is a pure function
 * of identity, message and signature, so it may be shared between the peers of one process (see {@link MspRegistry}).
 */
import { createHash, verify } from 'node:crypto';

import type { BoundedCache } from './bounded-cache.ts';
import { signatureForm } from '../membership/ecdsa.ts';
import { IdentityError } from '../membership/identity-errors.ts';
import type { MemberCertificate, Role } from '../membership/member-certificate.ts';

/** 'valid', or the code that says why a signature does not count. */
export type Verdict = 'valid' | 'SIGNATURE_MALFORMED' | 'SIGNATURE_HIGH_S' | 'SIGNATURE_WRONG';

/** Verdicts by digest of identity, signature and message. */
export type VerdictCache = BoundedCache<string, Verdict>;

export class Identity {
  readonly mspId: string;
  readonly #certificate: MemberCertificate;
  readonly #verdicts: VerdictCache | undefined;
  readonly #digest: Uint8Array;
  /** Hex SHA-256 over MSP id and certificate: two encodings of one member are the same member. */
  readonly fingerprint: string;

  constructor(mspId: string, certificate: MemberCertificate, verdicts?: VerdictCache) {
    this.mspId = mspId;
    this.#certificate = certificate;
    this.#verdicts = verdicts;
    this.#digest = createHash('sha256').update(certificate.digest).update(mspId).digest();
    this.fingerprint = Buffer.from(this.#digest).toString('hex');
  }

  /** The one role that the certificate's OU names. */
  get role(): Role {
    return this.#certificate.role;
  }

  /** Common name, such as `User1@northlight.example`. Not unique, not checked. */
  get name(): string {
    return this.#certificate.name;
  }

  /**
   * Checks the validity period. Only where a request comes in: a block must get the same flags whenever it is validated.
   *
   * @throws {@link IdentityError} CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED
   */
  assertValidAt(now: Date): void {
    const { validFrom, validTo } = this.#certificate;
    if (now < validFrom) {
      throw new IdentityError(
        'CERTIFICATE_NOT_YET_VALID',
        `expected a certificate in force, got one that starts at ${validFrom.toISOString()}`,
      );
    }
    if (now > validTo) {
      throw new IdentityError(
        'CERTIFICATE_EXPIRED',
        `expected a certificate in force, got one that ended at ${validTo.toISOString()}`,
      );
    }
  }

  /** @param signature - DER; only strict encodings with a low s can be valid. */
  judge(message: Uint8Array, signature: Uint8Array): Verdict {
    const form = signatureForm(signature);
    if (form !== 'canonical') {
      return form === 'high-s' ? 'SIGNATURE_HIGH_S' : 'SIGNATURE_MALFORMED';
    }
    if (!this.#verdicts) {
      return this.#compute(message, signature);
    }
    const key = this.#verdictKey(message, signature);
    const known = this.#verdicts.get(key);
    const verdict = known ?? this.#compute(message, signature);
    if (known === undefined) {
      this.#verdicts.set(key, verdict);
    }
    return verdict;
  }

  verify(message: Uint8Array, signature: Uint8Array): boolean {
    return this.judge(message, signature) === 'valid';
  }

  /** @throws {@link IdentityError} with the verdict as its code, unless it is 'valid'. */
  assertSigned(message: Uint8Array, signature: Uint8Array): void {
    const verdict = this.judge(message, signature);
    if (verdict !== 'valid') {
      throw new IdentityError(verdict, `expected a signature by a member of ${this.mspId}`);
    }
  }

  #compute(message: Uint8Array, signature: Uint8Array): Verdict {
    const valid = verify('sha256', message, this.#certificate.key, signature);
    return valid ? 'valid' : 'SIGNATURE_WRONG';
  }

  /** Everything before the message has a fixed or a leading length, so different inputs cannot meet. */
  #verdictKey(message: Uint8Array, signature: Uint8Array): string {
    return createHash('sha256')
      .update(this.#digest)
      .update(Uint8Array.of(signature.length))
      .update(signature)
      .update(message)
      .digest('base64');
  }
}
