/**
 * A member's certificate as a channel sees it: strict PEM and DER, a key on P-256, exactly one role among the
 * organisational units (Fabric's NodeOUs), issued by a CA of the organisation. Nothing here looks at a clock.
 */
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';

import { readSequence } from './der.ts';
import { IdentityError } from './identity-errors.ts';

/** The four roles of NodeOUs, as they stand in a certificate's OU. */
export const ROLES = ['client', 'peer', 'admin', 'orderer'] as const;
export type Role = (typeof ROLES)[number];

const PEM =
  /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\r?\n?$/;

/** Facts read once from a certificate. */
export interface MemberCertificate {
  readonly role: Role;
  readonly key: KeyObject;
  /** SHA-256 of the part the CA signed, so that a re-encoded CA signature does not make a second member. */
  readonly digest: Uint8Array;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Common name of the subject. */
  readonly name: string;
}

function malformed(message: string, cause?: unknown): IdentityError {
  return new IdentityError('CERTIFICATE_MALFORMED', message, { cause });
}

function parseDer(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw malformed('expected an X.509 certificate, got bytes that do not parse', cause);
  }
}

/**
 * Reads one PEM certificate and nothing else.
 *
 * @throws {@link IdentityError} CERTIFICATE_MALFORMED
 */
export function parseCertificate(pem: string): X509Certificate {
  const base64 = PEM.exec(pem)?.[1]?.replace(/[\r\n]/g, '');
  if (base64 === undefined) {
    throw malformed('expected one PEM block CERTIFICATE, got something else');
  }
  const der = Buffer.from(base64, 'base64');
  if (der.toString('base64') !== base64) {
    throw malformed('expected canonical base64 in the PEM block');
  }
  const certificate = parseDer(der);
  if (!certificate.raw.equals(der)) {
    throw malformed('expected one DER certificate, got other bytes beside it');
  }
  return certificate;
}

function subjectOf(certificate: X509Certificate): { units: readonly string[]; name: string } {
  const subject = certificate.toLegacyObject().subject as unknown as Record<
    string,
    string | readonly string[] | undefined
  >;
  return {
    units: [subject['OU'] ?? []].flat(),
    name: [subject['CN'] ?? []].flat()[0] ?? '',
  };
}

function roleOf(units: readonly string[]): Role {
  const roles = ROLES.filter((role) => units.includes(role));
  const [role] = roles;
  if (role === undefined || roles.length > 1) {
    throw new IdentityError(
      'CERTIFICATE_ROLE_INVALID',
      `expected exactly one role among the organisational units, got ${roles.length}`,
    );
  }
  return role;
}

function signedPart(certificate: X509Certificate): Uint8Array {
  const outer = readSequence(certificate.raw);
  const signed = readSequence(outer?.content ?? new Uint8Array());
  if (!signed) {
    throw malformed('expected a DER certificate with definite lengths');
  }
  return signed.encoding;
}

/** A CA vouches for members whose validity starts within its own; Fabric too looks one second behind the start. */
function issuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  const start = Date.parse(certificate.validFrom) + 1000;
  return (
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey) &&
    start >= Date.parse(authority.validFrom) &&
    start <= Date.parse(authority.validTo)
  );
}

/**
 * Reads a member's certificate and checks that an authority of its organisation issued it.
 *
 * @throws {@link IdentityError} CERTIFICATE_MALFORMED, CERTIFICATE_IS_AUTHORITY, CERTIFICATE_UNTRUSTED,
 * CERTIFICATE_KEY_UNSUPPORTED, CERTIFICATE_ROLE_INVALID
 */
export function readMemberCertificate(
  pem: string,
  authorities: readonly X509Certificate[],
): MemberCertificate {
  const certificate = parseCertificate(pem);
  if (certificate.ca) {
    throw new IdentityError('CERTIFICATE_IS_AUTHORITY', 'expected a member, got a CA certificate');
  }
  if (!authorities.some((authority) => issuedBy(certificate, authority))) {
    throw new IdentityError(
      'CERTIFICATE_UNTRUSTED',
      'expected a certificate of the organisation, got one that its CA did not issue',
    );
  }
  const key = certificate.publicKey;
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new IdentityError(
      'CERTIFICATE_KEY_UNSUPPORTED',
      `expected a public key on P-256, got ${key.asymmetricKeyType ?? 'unknown'}`,
    );
  }
  const { units, name } = subjectOf(certificate);
  return {
    role: roleOf(units),
    key,
    digest: createHash('sha256').update(signedPart(certificate)).digest(),
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
    name,
  };
}
