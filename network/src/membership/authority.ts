/**
 * A certificate authority of one organisation: it enrols members (Fabric's identity CA, the role in the OU) or vouches for
 * the TLS endpoints of nodes (its TLS CA), by @peculiar/x509 over Web Crypto. All keys are on P-256.
 */
import 'reflect-metadata';

import { webcrypto } from 'node:crypto';

import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

import { lowSCrypto } from './low-s-crypto.ts';
import type { Role } from './member-certificate.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** As cryptogen: nodes whose clocks differ a little agree that a fresh certificate is in force. */
const BACKDATED_MS = 5 * 60_000;
const VALIDITY_DAYS = 3_650;
const AUTHORITY_USES: KeyUsageFlags =
  KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
const TLS_USES: KeyUsageFlags = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;

/** A certificate and its key, both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  /** PKCS#8. Secret. */
  readonly privateKey: string;
}

/** When a certificate is in force. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** @returns ten years from five minutes ago, in whole seconds as certificates have them. */
export function defaultValidity(now: Date): Validity {
  const start = Math.floor((now.getTime() - BACKDATED_MS) / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + VALIDITY_DAYS * DAY_MS) };
}

function subject(organisation: string, name: string, unit?: string): Record<string, string[]>[] {
  return [{ O: [organisation] }, ...(unit === undefined ? [] : [{ OU: [unit] }]), { CN: [name] }];
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const encoded = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${PemConverter.encode(encoded, 'PRIVATE KEY')}\n`;
}

function certificatePem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** Creates and loads through the static methods; the key never leaves it except by `export`. */
export class Authority {
  readonly #certificate: X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  /** PEM. */
  readonly certificate: string;

  private constructor(certificate: X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate;
    this.#key = key;
    this.certificate = certificatePem(certificate);
  }

  /**
   * Makes a self-signed CA.
   *
   * @param organisation - the domain, such as `northlight.example`.
   * @param name - common name, such as `ca.northlight.example`.
   */
  static async create(organisation: string, name: string, validity: Validity): Promise<Authority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        name: subject(organisation, name),
        keys,
        ...validity,
        signingAlgorithm: P256,
        extensions: [
          new BasicConstraintsExtension(true, undefined, true),
          new KeyUsagesExtension(AUTHORITY_USES, true),
          await SubjectKeyIdentifierExtension.create(keys.publicKey, false, lowSCrypto),
        ],
      },
      lowSCrypto,
    );
    return new Authority(certificate, keys.privateKey);
  }

  /** Loads what {@link Authority.export} returned. Throws what Web Crypto throws when the PEM is no such key. */
  static async load({ certificate, privateKey }: KeyedCertificate): Promise<Authority> {
    const [encoded] = PemConverter.decode(privateKey);
    const key = await webcrypto.subtle.importKey(
      'pkcs8',
      encoded ?? new ArrayBuffer(0),
      P256,
      true,
      ['sign'],
    );
    return new Authority(new X509Certificate(certificate), key);
  }

  /** @returns the CA's certificate and its secret key, to be kept in a file of mode 0600. */
  async export(): Promise<KeyedCertificate> {
    return { certificate: this.certificate, privateKey: await toPem(this.#key) };
  }

  /** Enrols a member: role in the OU, key usage digitalSignature. */
  async enrol(
    member: { organisation: string; name: string; role: Role },
    validity: Validity,
  ): Promise<KeyedCertificate> {
    return this.#issue(subject(member.organisation, member.name, member.role), validity, [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ]);
  }

  /**
   * Vouches for a TLS endpoint, as server and as client.
   *
   * @param endpoint - `hosts`: host names and IP addresses it is reached by; none for one that only dials.
   */
  async issueTls(
    endpoint: { organisation: string; name: string; hosts: readonly string[] },
    validity: Validity,
  ): Promise<KeyedCertificate> {
    const names = [...new Set(endpoint.hosts)].map((host) => ({
      type: /^[\d.]+$|:/.test(host) ? ('ip' as const) : ('dns' as const),
      value: host,
    }));
    return this.#issue(subject(endpoint.organisation, endpoint.name), validity, [
      new KeyUsagesExtension(TLS_USES, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
    ]);
  }

  async #issue(
    name: Record<string, string[]>[],
    validity: Validity,
    extensions: readonly Extension[],
  ): Promise<KeyedCertificate> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create(
      {
        subject: name,
        issuer: this.#certificate.subjectName,
        ...validity,
        signingAlgorithm: P256,
        publicKey: keys.publicKey,
        signingKey: this.#key,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          await AuthorityKeyIdentifierExtension.create(
            this.#certificate.publicKey,
            false,
            lowSCrypto,
          ),
          await SubjectKeyIdentifierExtension.create(keys.publicKey, false, lowSCrypto),
          ...extensions,
        ],
      },
      lowSCrypto,
    );
    return { certificate: certificatePem(certificate), privateKey: await toPem(keys.privateKey) };
  }
}
