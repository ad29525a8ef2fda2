import { createPublicKey, createPrivateKey, X509Certificate } from 'node:crypto';

import {
  Authority,
  defaultValidity,
  type KeyedCertificate,
} from '../../../network/src/membership/authority.ts';
import { readSequence } from '../../../network/src/membership/der.ts';
import { signatureForm } from '../../../network/src/membership/ecdsa.ts';
import { DOMAIN, newAuthority, NOW } from './certificates.ts';

const validity = defaultValidity(NOW);

/** The signature at the end of a certificate: BIT STRING with no unused bits. */
function signatureOf(pem: string): Uint8Array {
  const parts = readSequence(new X509Certificate(pem).raw)!.content;
  const algorithm = readSequence(readSequence(parts)!.rest)!;
  return algorithm.rest.subarray(3);
}

describe('Authority', () => {
  let authority: Authority;
  let root: X509Certificate;

  beforeAll(async () => {
    authority = await newAuthority();
    root = new X509Certificate(authority.certificate);
  });

  it('is a CA that vouches for itself and says which key is its own', () => {
    expect(root.ca).toBe(true);
    expect(root.checkIssued(root)).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.subject).toBe(`O=${DOMAIN}\nCN=ca.${DOMAIN}`);
    // subjectKeyIdentifier, 2.5.29.14: Fabric refuses a CA without one.
    expect(root.raw.includes(Buffer.from('0603551d0e', 'hex'))).toBe(true);
  });

  it('is in force for ten years from five minutes ago', () => {
    expect(new Date(root.validFrom)).toEqual(new Date('2026-03-01T11:55:00Z'));
    expect(new Date(root.validTo)).toEqual(new Date('2036-02-27T11:55:00Z'));
  });

  it('goes on after it was stored', async () => {
    const again = await Authority.load(await authority.export());
    expect(again.certificate).toBe(authority.certificate);
    const member = { organisation: DOMAIN, name: 'User1', role: 'client' } as const;
    const { certificate } = await again.enrol(member, validity);
    expect(new X509Certificate(certificate).verify(root.publicKey)).toBe(true);
  });

  it('enrols members with role, name and a key of their own', async () => {
    const member = { organisation: DOMAIN, name: 'User1@north', role: 'admin' } as const;
    const { certificate, privateKey } = await authority.enrol(member, validity);
    const parsed = new X509Certificate(certificate);
    expect(parsed.ca).toBe(false);
    expect(parsed.subject).toBe(`O=${DOMAIN}\nOU=admin\nCN=User1@north`);
    expect(parsed.checkIssued(root)).toBe(true);
    expect(parsed.verify(root.publicKey)).toBe(true);
    expect(parsed.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(createPublicKey(certificate).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('does not let a name add to the subject', async () => {
    const member = { organisation: DOMAIN, name: 'x, OU=admin+OU=peer', role: 'client' } as const;
    const { certificate } = await authority.enrol(member, validity);
    const subject = new X509Certificate(certificate).toLegacyObject().subject as unknown;
    expect(subject).toEqual(expect.objectContaining({ OU: 'client', CN: 'x, OU=admin+OU=peer' }));
  });

  it('gives every certificate a number and a key of its own', async () => {
    const issue = (): Promise<KeyedCertificate> =>
      authority.enrol({ organisation: DOMAIN, name: 'User1', role: 'client' }, validity);
    const [first, second] = (await Promise.all([issue(), issue()])).map(
      ({ certificate }) => new X509Certificate(certificate),
    );
    expect(first!.serialNumber).not.toBe(second!.serialNumber);
    expect(first!.publicKey.equals(second!.publicKey)).toBe(false);
  });

  it('signs with a low s, so that Fabric leaves the certificate as it is', async () => {
    expect(signatureForm(signatureOf(authority.certificate))).toBe('canonical');
    for (let count = 0; count < 12; count++) {
      const endpoint = { organisation: DOMAIN, name: 'peer0', hosts: [] };
      const { certificate } = await authority.issueTls(endpoint, validity);
      expect(signatureForm(signatureOf(certificate))).toBe('canonical');
    }
  });

  it('vouches for TLS endpoints by name and by address', async () => {
    const hosts = ['peer0.example', 'localhost', '127.0.0.1', '::1', 'localhost'];
    const endpoint = { organisation: DOMAIN, name: 'peer0.example', hosts };
    const { certificate } = await authority.issueTls(endpoint, validity);
    const parsed = new X509Certificate(certificate);
    expect(parsed.subjectAltName).toBe(
      'DNS:peer0.example, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(parsed.checkIP('127.0.0.2')).toBeUndefined();
  });
});
