/** Errors of identities, certificates, signatures and organisation folders. */
import { LamplighterError } from '../errors.ts';

/** Stable codes; never reused for another meaning. */
export type IdentityErrorCode =
  /** SerializedIdentity is truncated, oversized or not the canonical encoding of its fields. */
  | 'IDENTITY_MALFORMED'
  /** The named MSP is no member of this network. */
  | 'IDENTITY_UNKNOWN_MSP'
  /** The certificate does not parse, or is more or less than one PEM block. */
  | 'CERTIFICATE_MALFORMED'
  /** The certificate was not issued by the CA of the organisation it names. */
  | 'CERTIFICATE_UNTRUSTED'
  /** A CA certificate was used as an identity. */
  | 'CERTIFICATE_IS_AUTHORITY'
  /** The public key is not on P-256. */
  | 'CERTIFICATE_KEY_UNSUPPORTED'
  /** The organisational units name no role, or several. */
  | 'CERTIFICATE_ROLE_INVALID'
  /** The present time is before the certificate's validity period. */
  | 'CERTIFICATE_NOT_YET_VALID'
  /** The present time is after the certificate's validity period. */
  | 'CERTIFICATE_EXPIRED'
  /** A signature is no strict DER encoding of (r, s) in range. */
  | 'SIGNATURE_MALFORMED'
  /** s is in the upper half of the group order: Fabric refuses it. */
  | 'SIGNATURE_HIGH_S'
  /** Well-formed, but not made by that key over that message. */
  | 'SIGNATURE_WRONG'
  /** The private key does not belong to the certificate, or is not on P-256. */
  | 'SIGNER_KEY_MISMATCH'
  /** An organisation folder exists, but a file of it is missing or contradicts another. */
  | 'ORGANISATION_INCOMPLETE'
  /** A name of a user, node or domain cannot be a folder name. */
  | 'ORGANISATION_NAME_INVALID'
  /** A user exists under that name in another role. */
  | 'ORGANISATION_ROLE_CONFLICT'
  /** A policy in the channel configuration is malformed. */
  | 'POLICY_MALFORMED';

/** Thrown by everything in this folder that deals with identities, on purpose. */
export class IdentityError extends LamplighterError<IdentityErrorCode> {}
