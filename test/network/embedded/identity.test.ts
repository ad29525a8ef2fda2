import * as crypto from 'node:crypto';

import {
  encodeInteger,
  encodeSequence,
  readInteger,
  readSequence,
} from '../../../network/src/membership/der.ts';
import { MspRegistry, type Identity } from '../../../network/src/embedded/msp.ts';
import { newSigner, type Signer } from '../../../network/src/membership/signer.ts';
import { enrol, MSP_ID, newAuthority } from '../membership/certificates.ts';
import { coded } from '../coded.ts';

jest.mock('node:crypto', () => {
  const actual = jest.requireActual<typeof crypto>('node:crypto');
  return { ...actual, verify: jest.fn(actual.verify) };
});

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const MESSAGE = Buffer.from('message');

/** The other signature that ECDSA would accept: (r, n - s). */
function negated(signature: Uint8Array): Uint8Array {
  const r = readInteger(readSequence(signature)!.content)!;
  const s = BigInt(`0x${Buffer.from(readInteger(r.rest)!.content).toString('hex')}`);
  const high = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex');
  return encodeSequence(encodeInteger(r.content), encodeInteger(high));
}

describe.each([true, false])('Identity, verdicts shared: %p', (shareVerdicts) => {
  let registry: MspRegistry;
  let signer: Signer;
  let identity: Identity;
  let other: Signer;
  const verify = jest.mocked(crypto.verify);

  beforeAll(async () => {
    const authority = await newAuthority();
    const members = [{ mspId: MSP_ID, rootCertificates: [authority.certificate] }];
    registry = new MspRegistry(members, { shareVerdicts, verdictCacheSize: 4 });
    signer = newSigner(await enrol(authority));
    other = newSigner(await enrol(authority));
    identity = registry.deserialise(signer.identity);
  });

  beforeEach(() => {
    verify.mockClear();
  });

  it('accepts its own signature', () => {
    const signature = signer.sign(MESSAGE);
    expect(identity.judge(MESSAGE, signature)).toBe('valid');
    expect(identity.verify(MESSAGE, signature)).toBe(true);
    expect(() => {
      identity.assertSigned(MESSAGE, signature);
    }).not.toThrow();
  });

  it('computes a verdict once when shared, else each time', () => {
    const message = Buffer.from('once');
    const signature = signer.sign(message);
    const wrong = other.sign(message);
    for (let count = 0; count < 3; count++) {
      expect(identity.verify(message, signature)).toBe(true);
      expect(identity.verify(message, wrong)).toBe(false);
    }
    expect(verify).toHaveBeenCalledTimes(shareVerdicts ? 2 : 6);
  });

  it('keeps verdicts of different members, messages and signatures apart', () => {
    const signature = signer.sign(MESSAGE);
    expect(identity.verify(MESSAGE, signature)).toBe(true);
    expect(registry.deserialise(other.identity).verify(MESSAGE, signature)).toBe(false);
    expect(identity.verify(Buffer.from('massage'), signature)).toBe(false);
    expect(identity.verify(MESSAGE, other.sign(MESSAGE))).toBe(false);
  });

  it.each<[string, (signature: Uint8Array) => Uint8Array, string]>([
    ['a high s, although it would verify', negated, 'SIGNATURE_HIGH_S'],
    ['a truncated one', (signature) => signature.subarray(0, -1), 'SIGNATURE_MALFORMED'],
    [
      'one with a byte behind it',
      (signature) => Buffer.concat([signature, Buffer.of(0)]),
      'SIGNATURE_MALFORMED',
    ],
    ['an empty one', () => new Uint8Array(), 'SIGNATURE_MALFORMED'],
    ['that of another member', () => other.sign(MESSAGE), 'SIGNATURE_WRONG'],
  ])('refuses %s', (_, change, code) => {
    const signature = change(signer.sign(MESSAGE));
    expect(identity.verify(MESSAGE, signature)).toBe(false);
    expect(() => {
      identity.assertSigned(MESSAGE, signature);
    }).toThrow(coded(code));
  });

  it('refuses a negated signature that plain ECDSA accepts', () => {
    const signature = negated(signer.sign(MESSAGE));
    const certificate = Buffer.from(signer.identity).toString('latin1');
    const pem = certificate.slice(certificate.indexOf('-----BEGIN'));
    const key = new crypto.X509Certificate(pem).publicKey;
    expect(crypto.verify('sha256', MESSAGE, key, signature)).toBe(true);
    expect(identity.judge(MESSAGE, signature)).toBe('SIGNATURE_HIGH_S');
  });
});
