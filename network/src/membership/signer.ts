/** Signs as one member of an organisation: Fabric's SerializedIdentity and low-S ECDSA over SHA-256, by node:crypto. */
import { createPrivateKey, sign, X509Certificate, type KeyObject } from 'node:crypto';

import { msp } from '@hyperledger/fabric-protos';

import { toLowSDer } from './ecdsa.ts';
import { IdentityError } from './identity-errors.ts';

/** An enrolled member, in PEM: what a wallet or an MSP folder holds. */
export interface Credentials {
  readonly mspId: string;
  /** X.509 certificate, PEM. */
  readonly certificate: string;
  /** PKCS#8 private key on P-256, PEM. Secret. */
  readonly privateKey: string;
}

/** Somebody who can sign proposals, endorsements, envelopes or blocks. */
export interface Signer {
  readonly mspId: string;
  /** Serialised msp.SerializedIdentity: `creator` and `endorser` on the wire. */
  readonly identity: Uint8Array;
  /** @returns DER, low S, over SHA-256 of the message. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** @returns msp.SerializedIdentity bytes for a PEM certificate. */
export function serialiseIdentity(mspId: string, certificate: string): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(Buffer.from(certificate, 'utf8'));
  return identity.serializeBinary();
}

function matchingKey({ certificate, privateKey }: Credentials): KeyObject {
  const key = createPrivateKey(privateKey);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new IdentityError(
      'SIGNER_KEY_MISMATCH',
      `expected a private key on P-256, got ${key.asymmetricKeyType ?? 'unknown'}`,
    );
  }
  if (!new X509Certificate(certificate).checkPrivateKey(key)) {
    throw new IdentityError(
      'SIGNER_KEY_MISMATCH',
      'expected the private key of the certificate, got another one',
    );
  }
  return key;
}

/** @throws {@link IdentityError} SIGNER_KEY_MISMATCH when key and certificate do not belong together. */
export function newSigner(credentials: Credentials): Signer {
  const key = matchingKey(credentials);
  return {
    mspId: credentials.mspId,
    identity: serialiseIdentity(credentials.mspId, credentials.certificate),
    sign: (message) => toLowSDer(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })),
  };
}
