import { msp } from '@hyperledger/fabric-protos';

import { Authority, defaultValidity } from '../../../network/src/membership/authority.ts';
import { MspRegistry, type Role } from '../../../network/src/embedded/msp.ts';
import { newSigner, serialiseIdentity } from '../../../network/src/membership/signer.ts';
import {
  DOMAIN,
  enrol,
  issueOdd,
  issueSubordinate,
  MSP_ID,
  newAuthority,
  NOW,
  YEAR_MS,
} from '../membership/certificates.ts';
import { coded } from '../coded.ts';

describe('MspRegistry', () => {
  let authority: Authority;
  let registry: MspRegistry;
  let identity: Uint8Array;
  let certificate: string;

  const identityOf = (pem: string): Uint8Array => serialiseIdentity(MSP_ID, pem);

  beforeAll(async () => {
    authority = await newAuthority();
    certificate = (await enrol(authority)).certificate;
    identity = identityOf(certificate);
  });

  beforeEach(() => {
    registry = new MspRegistry([{ mspId: MSP_ID, rootCertificates: [authority.certificate] }]);
  });

  it.each<Role>(['client', 'peer', 'admin', 'orderer'])('reads a %s', async (role) => {
    const credentials = await enrol(authority, role);
    const member = registry.deserialise(newSigner(credentials).identity);
    expect(member.mspId).toBe(MSP_ID);
    expect(member.role).toBe(role);
    expect(member.name).toBe(`User1@${DOMAIN}`);
  });

  it('reads the same bytes once', () => {
    const member = registry.deserialise(identity);
    expect(registry.deserialise(Uint8Array.from(identity))).toBe(member);
  });

  it('forgets identities beyond its capacity', async () => {
    const small = new MspRegistry([{ mspId: MSP_ID, rootCertificates: [authority.certificate] }], {
      identityCacheSize: 1,
    });
    const first = small.deserialise(identity);
    small.deserialise(newSigner(await enrol(authority, 'peer')).identity);
    expect(small.deserialise(identity)).not.toBe(first);
  });

  it('knows a member by its certificate, however its PEM is broken into lines', () => {
    const windows = registry.deserialise(identityOf(certificate.replaceAll('\n', '\r\n')));
    expect(windows.fingerprint).toBe(registry.deserialise(identity).fingerprint);
  });

  it('tells members of equal names apart', async () => {
    const other = registry.deserialise(newSigner(await enrol(authority)).identity);
    expect(other.fingerprint).not.toBe(registry.deserialise(identity).fingerprint);
  });

  describe('encoding', () => {
    it('refuses every truncation', () => {
      for (let length = 0; length < identity.length; length++) {
        const code = expect.stringMatching(/^(IDENTITY|CERTIFICATE)_MALFORMED$/) as string;
        expect(() => registry.deserialise(identity.subarray(0, length))).toThrow(coded(code));
      }
    });

    it('refuses more than 16 KiB unparsed', () => {
      const long = Buffer.concat([identity, new Uint8Array(16_384)]);
      expect(() => registry.deserialise(long)).toThrow(coded('IDENTITY_MALFORMED'));
    });

    it('refuses fields in another order', () => {
      const message = msp.SerializedIdentity.deserializeBinary(identity);
      const nameBytes = 2 + message.getMspid().length;
      const swapped = Buffer.concat([
        identity.subarray(nameBytes),
        identity.subarray(0, nameBytes),
      ]);
      expect(msp.SerializedIdentity.deserializeBinary(swapped).toObject()).toEqual(
        message.toObject(),
      );
      expect(() => registry.deserialise(swapped)).toThrow(coded('IDENTITY_MALFORMED'));
    });

    it('refuses unknown fields and repeated ones', () => {
      const unknown = Buffer.concat([identity, Buffer.from('1a0141', 'hex')]);
      const repeated = Buffer.concat([Buffer.from('0a0141', 'hex'), identity]);
      expect(() => registry.deserialise(unknown)).toThrow(coded('IDENTITY_MALFORMED'));
      expect(() => registry.deserialise(repeated)).toThrow(coded('IDENTITY_MALFORMED'));
    });

    it('refuses an MSP that is no member, before its certificate is looked at', () => {
      expect(() => registry.deserialise(serialiseIdentity('OtherMSP', 'x'))).toThrow(
        coded('IDENTITY_UNKNOWN_MSP'),
      );
    });
  });

  describe('certificate', () => {
    const body = (pem: string): string => pem.split('\n').slice(1, -2).join('\n');
    const pemOf = (der: Uint8Array): string =>
      `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
    const der = (): Buffer => Buffer.from(body(certificate), 'base64');

    it.each<[string, () => string]>([
      ['nothing', () => ''],
      ['text before it', () => `x${certificate}`],
      ['text behind it', () => `${certificate}x`],
      ['two of them', () => certificate + certificate],
      ['another label', () => certificate.replaceAll('CERTIFICATE', 'X509 CRL')],
      ['stray bits in base64', () => certificate.replace(/..\n-----END/, '=\n-----END')],
      ['DER cut short', () => pemOf(der().subarray(0, -1))],
      ['bytes behind the DER', () => pemOf(Buffer.concat([der(), Buffer.of(0)]))],
      ['no certificate in it', () => pemOf(Buffer.from('3003020101', 'hex'))],
    ])('refuses %s', (_, pem) => {
      expect(() => registry.deserialise(identityOf(pem()))).toThrow(coded('CERTIFICATE_MALFORMED'));
    });

    it('refuses one flipped bit of what the CA signed', () => {
      const flipped = der();
      flipped[60]! ^= 1;
      expect(() => registry.deserialise(identityOf(pemOf(flipped)))).toThrow(
        coded('CERTIFICATE_UNTRUSTED'),
      );
    });

    it('refuses a foreign CA of the same name', async () => {
      const foreign = await enrol(await newAuthority());
      expect(() => registry.deserialise(newSigner(foreign).identity)).toThrow(
        coded('CERTIFICATE_UNTRUSTED'),
      );
    });

    it('refuses the member of another organisation under this name', async () => {
      const other = await newAuthority('helios.example');
      const both = new MspRegistry([
        { mspId: MSP_ID, rootCertificates: [authority.certificate] },
        { mspId: 'HeliosMSP', rootCertificates: [other.certificate] },
      ]);
      const member = await enrol(other);
      expect(() => both.deserialise(identityOf(member.certificate))).toThrow(
        coded('CERTIFICATE_UNTRUSTED'),
      );
      expect(both.deserialise(serialiseIdentity('HeliosMSP', member.certificate)).mspId).toBe(
        'HeliosMSP',
      );
    });

    it('refuses a member whose validity starts outside that of its CA', async () => {
      const early = await enrol(authority, 'client', new Date(NOW.getTime() - YEAR_MS));
      expect(() => registry.deserialise(newSigner(early).identity)).toThrow(
        coded('CERTIFICATE_UNTRUSTED'),
      );
    });

    it('refuses the CA itself and a subordinate one as members', async () => {
      const subordinate = await issueSubordinate(authority);
      for (const pem of [authority.certificate, subordinate.certificate]) {
        expect(() => registry.deserialise(identityOf(pem))).toThrow(
          coded('CERTIFICATE_IS_AUTHORITY'),
        );
      }
    });

    it.each<[string, readonly string[]]>([
      ['no unit', []],
      ['an unknown unit', ['auditor']],
      ['a role in capitals', ['Client']],
      ['two roles', ['client', 'admin']],
      ['a role within a unit', ['client,peer']],
    ])('refuses %s as a role', async (_, units) => {
      const odd = await issueOdd(authority, { units });
      expect(() => registry.deserialise(identityOf(odd.certificate))).toThrow(
        coded('CERTIFICATE_ROLE_INVALID'),
      );
    });

    it('finds one role among other units', async () => {
      const odd = await issueOdd(authority, { units: ['department1', 'peer'] });
      expect(registry.deserialise(identityOf(odd.certificate)).role).toBe('peer');
    });

    it('refuses a key on another curve', async () => {
      const odd = await issueOdd(authority, { curve: 'P-384' });
      expect(() => registry.deserialise(identityOf(odd.certificate))).toThrow(
        coded('CERTIFICATE_KEY_UNSUPPORTED'),
      );
    });
  });

  describe('admit', () => {
    const { notBefore, notAfter } = defaultValidity(NOW);

    it('takes members from the first to the last second', () => {
      for (const now of [notBefore, NOW, notAfter]) {
        expect(registry.admit(identity, now).mspId).toBe(MSP_ID);
      }
    });

    it('refuses an expired member', () => {
      const late = new Date(notAfter.getTime() + 1);
      expect(() => registry.admit(identity, late)).toThrow(coded('CERTIFICATE_EXPIRED'));
    });

    it('refuses a member before its time', () => {
      const early = new Date(notBefore.getTime() - 1);
      expect(() => registry.admit(identity, early)).toThrow(coded('CERTIFICATE_NOT_YET_VALID'));
    });

    it('leaves old blocks as they are: reading looks at no clock', async () => {
      const then = new Date('1999-01-01T00:00:00Z');
      const old = await newAuthority(DOMAIN, then);
      const archive = new MspRegistry([{ mspId: MSP_ID, rootCertificates: [old.certificate] }]);
      const member = newSigner(await enrol(old, 'peer', then)).identity;
      expect(archive.deserialise(member).role).toBe('peer');
      expect(() => archive.admit(member, NOW)).toThrow(coded('CERTIFICATE_EXPIRED'));
    });
  });

  describe('roots', () => {
    it('must be there, and be CAs', () => {
      for (const rootCertificates of [[], [certificate], [authority.certificate, certificate]]) {
        expect(() => new MspRegistry([{ mspId: MSP_ID, rootCertificates }])).toThrow(
          coded('CERTIFICATE_UNTRUSTED'),
        );
      }
    });

    it('must parse', () => {
      expect(() => new MspRegistry([{ mspId: MSP_ID, rootCertificates: ['x'] }])).toThrow(
        coded('CERTIFICATE_MALFORMED'),
      );
    });

    it('may be several', async () => {
      const second = await newAuthority();
      const wide = new MspRegistry([
        { mspId: MSP_ID, rootCertificates: [authority.certificate, second.certificate] },
      ]);
      const member = newSigner(await enrol(second)).identity;
      expect(wide.deserialise(member).mspId).toBe(MSP_ID);
      expect(wide.deserialise(identity).mspId).toBe(MSP_ID);
      expect(wide.mspIds).toEqual([MSP_ID]);
    });

    it('do not include a member that calls itself a CA', async () => {
      const impostor = await Authority.load(await issueSubordinate(authority));
      const member = await enrol(impostor);
      expect(() => registry.deserialise(newSigner(member).identity)).toThrow(
        coded('CERTIFICATE_UNTRUSTED'),
      );
    });
  });
});
