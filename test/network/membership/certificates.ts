/** Certificates for tests, also such as no CA of ours would issue. */
import 'reflect-metadata';

import { createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';

import {
  BasicConstraintsExtension,
  type Extension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

import {
  Authority,
  defaultValidity,
  type KeyedCertificate,
} from '../../../network/src/membership/authority.ts';
import type { Role } from '../../../network/src/embedded/msp.ts';
import type { Credentials } from '../../../network/src/membership/signer.ts';

export const NOW = new Date('2026-03-01T12:00:00Z');
export const YEAR_MS = 365 * 86_400_000;
export const DOMAIN = 'northlight.example';
export const MSP_ID = 'NorthlightMSP';

export function newAuthority(domain = DOMAIN, now = NOW): Promise<Authority> {
  return Authority.create(domain, `ca.${domain}`, defaultValidity(now));
}

export async function enrol(
  authority: Authority,
  role: Role = 'client',
  now = NOW,
): Promise<Credentials> {
  const member = { organisation: DOMAIN, name: `User1@${DOMAIN}`, role };
  return { mspId: MSP_ID, ...(await authority.enrol(member, defaultValidity(now))) };
}

interface Odd {
  readonly units?: readonly string[];
  readonly curve?: 'P-256' | 'P-384';
  readonly extensions?: readonly Extension[];
}

/** Issues what is asked for, without the authority's own rules. */
export async function issueOdd(authority: Authority, odd: Odd): Promise<Credentials> {
  const { units = ['client'], curve = 'P-256', extensions = [] } = odd;
  const { certificate, privateKey } = await authority.export();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decode(privateKey)[0]!,
    algorithm,
    false,
    ['sign'],
  );
  const keys = generateKeyPairSync('ec', {
    namedCurve: curve,
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });
  const issued = await X509CertificateGenerator.create({
    subject: [{ O: [DOMAIN] }, ...units.map((unit) => ({ OU: [unit] })), { CN: ['odd'] }],
    issuer: new X509Certificate(certificate).subjectName,
    ...defaultValidity(NOW),
    signingAlgorithm: algorithm,
    publicKey: createPublicKey(keys.publicKey).export({ format: 'der', type: 'spki' }),
    signingKey,
    extensions: [...extensions],
  });
  return {
    mspId: MSP_ID,
    certificate: `${issued.toString('pem')}\n`,
    privateKey: keys.privateKey,
  };
}

/** A CA that the organisation's CA vouches for. */
export function issueSubordinate(authority: Authority): Promise<KeyedCertificate> {
  return issueOdd(authority, { extensions: [new BasicConstraintsExtension(true, 0, true)] });
}
