import {
  ed25519PublicKey,
  ed25519Verify,
  envelopeMessage,
  keyIdOf,
  macEnvelope,
  newEd25519Signer,
  openEnvelope,
  sha256Of,
  signEnvelope,
  verifyEnvelope,
  type VendorTrust,
} from '@lamplighter/sdk/crypto';
import { encodeSigned, type Signed } from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';

const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);
const payload = filled(0x55, 40);
const [a, b, c] = [1, 2, 3].map((byte) => newEd25519Signer(filled(byte))) as [
  ReturnType<typeof newEd25519Signer>,
  ReturnType<typeof newEd25519Signer>,
  ReturnType<typeof newEd25519Signer>,
];
const stranger = newEd25519Signer(filled(9));
const trust = (threshold: number, ...signers: readonly (typeof a)[]): VendorTrust => ({
  kind: 'signature',
  threshold,
  keys: signers.map(({ publicKey }) => publicKey),
});

function spoil(signed: Signed, at: number): Signed {
  const signatures = signed.signatures.map((signature, index) =>
    index === at ? { ...signature, sig: filled(0, signature.sig.length) } : signature,
  );
  return { ...signed, signatures };
}

describe('signed by keys', () => {
  it('puts the domain under the signature', () => {
    const message = Buffer.concat([Buffer.from('lamplighter.v1 release\0'), payload]);
    expect(Buffer.from(envelopeMessage('release', payload))).toEqual(message);
    const [signature] = signEnvelope('release', payload, a).signatures;
    expect(ed25519Verify(a.publicKey, message, signature!.sig)).toBe(true);
  });

  it('names a key by 16 bytes of SHA-256', () => {
    expect(keyIdOf(a.publicKey)).toEqual(sha256Of(a.publicKey).slice(0, 16));
  });

  it.each([
    ['one of one', signEnvelope('release', payload, a), trust(1, a)],
    ['one of three', signEnvelope('release', payload, b), trust(1, a, b, c)],
    ['two of three', signEnvelope('release', payload, c, a), trust(2, a, b, c)],
    [
      'two of three beside a stranger',
      signEnvelope('release', payload, stranger, a, b),
      trust(2, a, b, c),
    ],
    [
      'a stranger whose signature is false',
      spoil(signEnvelope('release', payload, stranger, a), 0),
      trust(1, a),
    ],
    ['a key twice where one is enough', signEnvelope('release', payload, a, a), trust(1, a)],
  ])('accepts %s', (_, signed, whom) => {
    expect(verifyEnvelope('release', signed, whom)).toEqual(payload);
    expect(openEnvelope('release', encodeSigned(signed), whom)).toEqual(payload);
  });

  it.each([
    ['a stranger', signEnvelope('release', payload, stranger), trust(1, a), 'THRESHOLD_NOT_MET'],
    ['one of two', signEnvelope('release', payload, a), trust(2, a, b), 'THRESHOLD_NOT_MET'],
    ['a key twice', signEnvelope('release', payload, a, a), trust(2, a, b), 'THRESHOLD_NOT_MET'],
    [
      'a false signature',
      spoil(signEnvelope('release', payload, a), 0),
      trust(1, a),
      'SIGNATURE_INVALID',
    ],
    [
      'a false signature beside enough right ones',
      spoil(signEnvelope('release', payload, a, b, c), 2),
      trust(2, a, b, c),
      'SIGNATURE_INVALID',
    ],
    ['another domain', signEnvelope('roots', payload, a), trust(1, a), 'SIGNATURE_INVALID'],
    [
      'another payload',
      { ...signEnvelope('release', payload, a), payload: filled(0) },
      trust(1, a),
      'SIGNATURE_INVALID',
    ],
    [
      'a MAC for a key',
      macEnvelope('release', payload, a.publicKey),
      trust(1, a),
      'SIGNATURE_INVALID',
    ],
  ])('refuses %s', (_, signed, whom, code) => {
    expect(refusalOf(() => verifyEnvelope('release', signed, whom))).toEqual({ code });
  });

  it('counts a key once that is trusted twice', () => {
    const signed = signEnvelope('release', payload, a, a);
    expect(refusalOf(() => verifyEnvelope('release', signed, trust(2, a, a))).code).toBe(
      'THRESHOLD_NOT_MET',
    );
  });

  it('refuses a trusted key of small order, and a threshold that is none', () => {
    const signed = signEnvelope('release', payload, a);
    const weak: VendorTrust = { kind: 'signature', threshold: 1, keys: [filled(0)] };
    expect(refusalOf(() => verifyEnvelope('release', signed, weak)).code).toBe('KEY_REFUSED');
    expect(() => verifyEnvelope('release', signed, trust(0, a))).toThrow(RangeError);
  });
});

describe('signed by the vendor MAC', () => {
  const kvm = filled(7);
  const mac: VendorTrust = { kind: 'mac', kvm };

  it('accepts its own MAC', () => {
    expect(verifyEnvelope('release', macEnvelope('release', payload, kvm), mac)).toEqual(payload);
  });

  it.each([
    ["another device's MAC", macEnvelope('release', payload, filled(8)), 'THRESHOLD_NOT_MET'],
    ['a false MAC', spoil(macEnvelope('release', payload, kvm), 0), 'SIGNATURE_INVALID'],
    ['a MAC of another domain', macEnvelope('assignment', payload, kvm), 'SIGNATURE_INVALID'],
    ['a signature', signEnvelope('release', payload, a), 'THRESHOLD_NOT_MET'],
  ])('refuses %s', (_, signed, code) => {
    expect(refusalOf(() => verifyEnvelope('release', signed, mac))).toEqual({ code });
  });

  it('refuses a MAC that is cut', () => {
    const { signatures } = macEnvelope('release', payload, kvm);
    const cut = {
      payload,
      signatures: signatures.map((each) => ({ ...each, sig: each.sig.slice(0, 16) })),
    };
    expect(refusalOf(() => verifyEnvelope('release', cut, mac)).code).toBe('SIGNATURE_INVALID');
  });

  it('refuses bytes that are no envelope', () => {
    expect(refusalOf(() => openEnvelope('release', payload, mac)).closeCode).toBe(4400);
    expect(ed25519PublicKey(filled(1))).toEqual(a.publicKey);
  });
});
