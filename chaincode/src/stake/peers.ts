/**
 * Certificates of an organisation's peers: whose signatures can be evidence, for ever, and whose prove something to devices, now
 * (protocol §7.3). Devices parse no certificates, so the key is taken out here, once, by every endorser.
 */
import type { Context } from 'fabric-contract-api';
import { createHash, X509Certificate } from 'node:crypto';
import { ContractError } from '../errors.ts';
import { keys } from '../keys.ts';
import { transactionTime, writeRecord } from '../state.ts';
import type {
  OrganisationPeersRecord,
  PeerCertificateRecord,
  PeerKey,
  ValidatorHeadRecord,
} from './records.ts';
import { requireTable } from './state.ts';
import { moveValidators, readPeers } from './validators.ts';

/** Of one organisation, all its vendors together. */
const PEERS = 64;
const COORDINATE_BYTES = 32;

/** @param certificate DER, hex. @throws ContractError ARGUMENT_INVALID unless it is a certificate of a P-256 key */
export function peerKeyOf(vendor: string, certificate: string): PeerKey {
  const der = Buffer.from(certificate, 'hex');
  const { raw, point } = readCertificate(der);
  // OpenSSL passes over what follows the certificate; its digest would be of something else.
  if (!raw.equals(der)) {
    throw new ContractError('ARGUMENT_INVALID', 'peerCertificates: expected nothing after the DER');
  }
  return {
    vendor,
    certificate: createHash('sha256').update(der).digest('hex'),
    key: point.toString('hex'),
  };
}

function readCertificate(der: Buffer): { readonly raw: Buffer; readonly point: Buffer } {
  try {
    const certificate = new X509Certificate(der);
    const { crv, x = '', y = '' } = certificate.publicKey.export({ format: 'jwk' });
    if (crv !== 'P-256') throw new TypeError(`expected a key on P-256, got ${String(crv)}`);
    const coordinates = [x, y].map((value) => Buffer.from(value, 'base64url'));
    const padded = coordinates.map((value) =>
      Buffer.concat([Buffer.alloc(COORDINATE_BYTES - value.length), value]),
    );
    return { raw: certificate.raw, point: Buffer.concat([Buffer.of(4), ...padded]) };
  } catch (cause) {
    throw new ContractError(
      'ARGUMENT_INVALID',
      'peerCertificates: expected certificates (DER in hex) of P-256 keys',
      { cause },
    );
  }
}

/**
 * Puts a vendor's peers in place of those that it registered before.
 *
 * @returns the validator set that came of it; null when it is the same as before
 */
export async function registerPeers(
  ctx: Context,
  mspId: string,
  vendor: string,
  registered: readonly PeerKey[],
): Promise<ValidatorHeadRecord | null> {
  for (const { certificate, key } of registered) {
    const record: PeerCertificateRecord = { docType: 'peerCertificate', schema: 1, key };
    await writeRecord(ctx, keys.peerCertificate(mspId, certificate), record);
  }
  const before = await readPeers(ctx, mspId);
  const others = before.filter((peer) => peer.vendor !== vendor);
  const peers = [...registered, ...others].slice(0, PEERS);
  const record: OrganisationPeersRecord = {
    docType: 'organisationPeers',
    schema: 1,
    mspId,
    peers,
    time: transactionTime(ctx),
  };
  await writeRecord(ctx, keys.organisationPeers(mspId), record);
  // Who registers what is known must not wait for elections: only another list looks at the table.
  if (namesOf(peers) === namesOf(before)) return null;
  return moveValidators(ctx, await requireTable(ctx), new Map([[mspId, peers]]));
}

function namesOf(peers: readonly PeerKey[]): string {
  return [...new Set(peers.map(({ certificate }) => certificate))].sort().join();
}
