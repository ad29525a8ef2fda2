/** Certificates of peers, made at once of a name: P-256 keys with signatures that nobody looks at. */
import { p256 } from '@noble/curves/nist.js';
import { createHash } from 'node:crypto';

const BEFORE_KEY =
  '3082010f3081b5a003020102020101300a06082a8648ce3d040302300f310d300b0603550403130470656572301e170d3236' +
  '303130313030303030305a170d3336303130313030303030305a300f310d300b060355040313047065657230593013060' +
  '72a8648ce3d020106082a8648ce3d030107034200';
const AFTER_KEY =
  'a3023000300a06082a8648ce3d0403020349003046022100e57cf2d2f7020c99c2527dc7d21c684a9408c8480a2f96157b' +
  '5f74e2262e20f5022100c89554fdff033b4536b89d2a6868d639cb4fefcae5d17fe36d94e78d5566a717';

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();

/** Uncompressed, hex. */
export function peerKeyOf(name: string): string {
  return Buffer.from(p256.getPublicKey(sha256(`peer ${name}`), false)).toString('hex');
}

/** DER, hex. */
export function peerCertificateOf(name: string): string {
  return BEFORE_KEY + peerKeyOf(name) + AFTER_KEY;
}

/** SHA-256 of a certificate, hex. @param certificate DER, hex */
export function certificateDigestOf(certificate: string): string {
  return sha256(Buffer.from(certificate, 'hex')).toString('hex');
}

/** PEM. */
export function peerPemOf(name: string): string {
  const base64 = Buffer.from(peerCertificateOf(name), 'hex').toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}
