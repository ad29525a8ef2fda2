/** Stake, a vendor, a model, a manager and devices that are assigned to it: the least that reports need on a ledger. */
import { createHash, X509Certificate } from 'node:crypto';

import { newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import { encodeAssignment, encodeSigned } from '@lamplighter/sdk/wire';

import type { Contracts, LedgerIdentity } from '../../network/src/ledger/index.ts';
import { peerCertificateOf } from '../chaincode/peer-certificates.ts';
import { FOUNDING } from '../chaincode/stake/founding.ts';

const VENDOR = 'northlight';
const MODEL = 'lamp';
const MANAGER = 'gateway-1';
const SUITE = 0x0103;
const ENDPOINT = 'ws://127.0.0.1:9100/v1/device';
const DUE_WITHIN_SECONDS = 3_600;

const digestOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');
const signerOf = (name: string): ReturnType<typeof newEd25519Signer> =>
  newEd25519Signer(createHash('sha256').update(`seed of ${name}`).digest());
const publicKeyOf = (name: string): string => Buffer.from(signerOf(name).publicKey).toString('hex');

/** @param contracts of an administrator of the vendor's organisation @param manager who reports */
export async function settle(
  contracts: Contracts,
  manager: LedgerIdentity,
  devices: readonly string[],
): Promise<void> {
  await contracts.ledger.submit('Stake:Initialise', [JSON.stringify(FOUNDING)]);
  await contracts.registerVendor({
    id: VENDOR,
    url: 'http://127.0.0.1:9000/',
    signingKey: publicKeyOf(VENDOR),
    peerCertificates: [peerCertificateOf(VENDOR)],
  });
  await contracts.registerModel({
    id: MODEL,
    vendor: VENDOR,
    kind: 'end',
    slotBytes: 1_048_576,
    approvals: 1,
  });
  await contracts.registerManagementNode({
    id: MANAGER,
    certificate: digestOf(new X509Certificate(manager.certificate).raw),
    signatureKey: publicKeyOf(MANAGER),
    sealingKey: digestOf(`sealing key of ${MANAGER}`),
    treeKey: '',
    endpoints: [ENDPOINT],
    url: 'http://127.0.0.1:9101',
  });
  const firmware = {
    gen: 1,
    sequence: 1,
    version: '1.0.0',
    size: 1_000,
    sha256: digestOf('image'),
  };
  await contracts.registerDevices(
    devices.map((id) => ({ id, model: MODEL, firmware, suites: [SUITE], legacy: false })),
  );
  for (const id of devices) {
    await contracts.assignDevice(assignmentOf(id), DUE_WITHIN_SECONDS);
  }
}

/** Signed by the vendor. */
function assignmentOf(device: string): Uint8Array {
  const payload = encodeAssignment({
    version: 1,
    idD: device,
    serial: 0,
    op: 0,
    idM: MANAGER,
    prevKid: new Uint8Array(),
    kid: new Uint8Array(16).fill(7),
    suite: SUITE,
    epoch: 1,
    class: 0,
    mauth: 1,
    mkey: signerOf(MANAGER).publicKey,
    dkey: new Uint8Array(),
    endpoints: [ENDPOINT],
  });
  return encodeSigned(signEnvelope('assignment', payload, signerOf(VENDOR)));
}
