/**
 * Who belongs to the channel: turns SerializedIdentity bytes into members of an organisation (Fabric's membership service
 * provider with NodeOUs). Parsing a certificate and checking its chain costs more than verifying a signature, so parsed
 * identities are cached; verdicts on signatures are shared between the peers of the process unless switched off.
 *
 * Use `admit` where a request comes in and `deserialise` where a block is validated: as in Fabric, the validity period is
 * a matter of the present and must not change the flags of a block that is read again later.
 */
import type { X509Certificate } from 'node:crypto';

import { msp } from '@hyperledger/fabric-protos';

import { BoundedCache } from './bounded-cache.ts';
import { Identity, type Verdict } from './identity.ts';
import { IdentityError } from '../membership/identity-errors.ts';
import { parseCertificate, readMemberCertificate } from '../membership/member-certificate.ts';

export { Identity, type Verdict } from './identity.ts';
export { ROLES, type Role } from '../membership/member-certificate.ts';

/** No certificate of ours comes near; what is longer is refused unparsed. */
const MAX_IDENTITY_BYTES = 16_384;

/** One organisation, by the certificates of the CAs that enrol its members. */
export interface MspMember {
  readonly mspId: string;
  /** PEM. */
  readonly rootCertificates: readonly string[];
}

export interface MspRegistryOptions {
  /** Parsed identities kept. @default 1_024 */
  readonly identityCacheSize?: number;
  /** Verdicts on signatures kept. @default 32_768 */
  readonly verdictCacheSize?: number;
  /** false verifies every signature anew for each peer, as separate processes would. @default true */
  readonly shareVerdicts?: boolean;
}

function authoritiesOf({ mspId, rootCertificates }: MspMember): readonly X509Certificate[] {
  const authorities = rootCertificates.map(parseCertificate);
  if (authorities.length === 0 || authorities.some((authority) => !authority.ca)) {
    throw new IdentityError(
      'CERTIFICATE_UNTRUSTED',
      `expected CA certificates for ${mspId}, got none or one of a member`,
    );
  }
  return authorities;
}

function decodeIdentity(bytes: Uint8Array): { mspId: string; pem: string } {
  let identity: msp.SerializedIdentity;
  try {
    // A plain view: deserializeBinary would copy a Buffer.
    identity = msp.SerializedIdentity.deserializeBinary(
      new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  } catch (cause) {
    throw new IdentityError(
      'IDENTITY_MALFORMED',
      `expected a SerializedIdentity, got ${bytes.length} bytes that do not parse`,
      { cause },
    );
  }
  if (Buffer.compare(identity.serializeBinary(), bytes) !== 0) {
    throw new IdentityError(
      'IDENTITY_MALFORMED',
      'expected the canonical encoding of a SerializedIdentity, got another one',
    );
  }
  return {
    mspId: identity.getMspid(),
    pem: Buffer.from(identity.getIdBytes_asU8()).toString('latin1'),
  };
}

/** The organisations of a channel. Create one for a process and let its peers and its orderer share it. */
export class MspRegistry {
  readonly #authorities: ReadonlyMap<string, readonly X509Certificate[]>;
  readonly #identities: BoundedCache<string, Identity>;
  readonly #verdicts: BoundedCache<string, Verdict> | undefined;
  readonly #shared = new WeakMap<object, { readonly value: unknown }>();

  /** @throws {@link IdentityError} when a root certificate is malformed or is no CA's. */
  constructor(members: readonly MspMember[], options: MspRegistryOptions = {}) {
    this.#authorities = new Map(members.map((member) => [member.mspId, authoritiesOf(member)]));
    this.#identities = new BoundedCache(options.identityCacheSize ?? 1_024);
    this.#verdicts =
      options.shareVerdicts === false
        ? undefined
        : new BoundedCache(options.verdictCacheSize ?? 32_768);
  }

  /** MSP ids in order of definition. */
  get mspIds(): readonly string[] {
    return [...this.#authorities.keys()];
  }

  /**
   * Reads an identity and checks that it is a member: chain, key type and role, but no clock. Deterministic for ever.
   *
   * @param bytes - serialised msp.SerializedIdentity.
   * @throws {@link IdentityError} IDENTITY_MALFORMED, IDENTITY_UNKNOWN_MSP or one of CERTIFICATE_…
   */
  deserialise(bytes: Uint8Array): Identity {
    if (bytes.length === 0 || bytes.length > MAX_IDENTITY_BYTES) {
      throw new IdentityError(
        'IDENTITY_MALFORMED',
        `expected 1 to ${MAX_IDENTITY_BYTES} bytes of identity, got ${bytes.length}`,
      );
    }
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const known = this.#identities.get(key);
    const identity = known ?? this.#read(bytes);
    if (known === undefined) {
      this.#identities.set(key, identity);
    }
    return identity;
  }

  /**
   * Computes a verdict on something that all nodes of the process hold, which follows from its bytes alone: once, while verdicts
   * are shared.
   */
  once<Value>(subject: object, compute: () => Value): Value {
    if (!this.#verdicts) {
      return compute();
    }
    const known = this.#shared.get(subject) as { readonly value: Value } | undefined;
    const value = known ? known.value : compute();
    if (!known) {
      this.#shared.set(subject, { value });
    }
    return value;
  }

  /**
   * Reads an identity for a request that comes in now: as `deserialise`, and the certificate is in force.
   *
   * @throws {@link IdentityError} also CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED
   */
  admit(bytes: Uint8Array, now: Date): Identity {
    const identity = this.deserialise(bytes);
    identity.assertValidAt(now);
    return identity;
  }

  #read(bytes: Uint8Array): Identity {
    const { mspId, pem } = decodeIdentity(bytes);
    const authorities = this.#authorities.get(mspId);
    if (!authorities) {
      throw new IdentityError(
        'IDENTITY_UNKNOWN_MSP',
        `expected a member of ${this.mspIds.join(', ')}, got ${JSON.stringify(mspId.slice(0, 64))}`,
      );
    }
    return new Identity(mspId, readMemberCertificate(pem, authorities), this.#verdicts);
  }
}
