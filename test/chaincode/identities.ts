/** Members of organisations with X.509 certificates as Fabric's NodeOUs want them. */
import 'reflect-metadata';
import { createHash, KeyObject, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

export interface Identity {
  readonly mspId: string;
  /** PEM. */
  readonly certificate: string;
  /** DER, hex. */
  readonly der: string;
  /** SHA-256 of the DER, hex. */
  readonly digest: string;
}

export interface SigningIdentity extends Identity {
  readonly privateKey: KeyObject;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** @param units organisational units of the subject, such as `admin`. */
export async function newIdentity(
  mspId: string,
  name: string,
  ...units: readonly string[]
): Promise<SigningIdentity> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: '01',
      name: [{ CN: [name] }, ...units.map((unit) => ({ OU: [unit] }))],
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2036-01-01T00:00:00Z'),
      signingAlgorithm: ALGORITHM,
      keys,
    },
    webcrypto as Crypto,
  );
  return {
    mspId,
    certificate: certificate.toString('pem'),
    der: Buffer.from(certificate.rawData).toString('hex'),
    digest: createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex'),
    privateKey: KeyObject.from(keys.privateKey),
  };
}
