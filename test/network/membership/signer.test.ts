import { generateKeyPairSync, verify, X509Certificate } from 'node:crypto';

import { msp } from '@hyperledger/fabric-protos';

import { signatureForm } from '../../../network/src/membership/ecdsa.ts';
import { newSigner, type Credentials } from '../../../network/src/membership/signer.ts';
import { enrol, issueOdd, MSP_ID, newAuthority } from './certificates.ts';
import { coded } from '../coded.ts';

describe('newSigner', () => {
  let credentials: Credentials;

  beforeAll(async () => {
    credentials = await enrol(await newAuthority());
  });

  it('serialises the identity as Fabric does', () => {
    const identity = msp.SerializedIdentity.deserializeBinary(newSigner(credentials).identity);
    expect(identity.getMspid()).toBe(MSP_ID);
    expect(Buffer.from(identity.getIdBytes_asU8()).toString()).toBe(credentials.certificate);
  });

  it('signs with a low s', () => {
    const signer = newSigner(credentials);
    const key = new X509Certificate(credentials.certificate).publicKey;
    const message = Buffer.from('message');
    for (let count = 0; count < 20; count++) {
      const signature = signer.sign(message);
      expect(signatureForm(signature)).toBe('canonical');
      expect(verify('sha256', message, key, signature)).toBe(true);
    }
  });

  it('refuses the key of another certificate', async () => {
    const other = await enrol(await newAuthority());
    expect(() => newSigner({ ...credentials, privateKey: other.privateKey })).toThrow(
      coded('SIGNER_KEY_MISMATCH'),
    );
  });

  it('refuses a key on another curve or of another kind, and does not print it', async () => {
    const odd = await issueOdd(await newAuthority(), { curve: 'P-384' });
    const ed25519 = generateKeyPairSync('ed25519').privateKey;
    const privateKey = ed25519.export({ format: 'pem', type: 'pkcs8' }) as string;
    for (const wrong of [odd, { ...credentials, privateKey }]) {
      const sign = (): unknown => newSigner(wrong);
      expect(sign).toThrow(coded('SIGNER_KEY_MISMATCH'));
      expect(sign).not.toThrow('BEGIN');
    }
  });
});
