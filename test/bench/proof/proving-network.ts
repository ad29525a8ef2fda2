/** The embedded network with the contracts, three registered peers, and an approved release that can be proven. */
import { X509Certificate } from 'node:crypto';

import { ed25519PublicKey, newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import { encodeManifest, encodeSigned } from '@lamplighter/sdk/wire';

import { Contracts, type ProofSource } from '../../../network/src/ledger/index.ts';
import { systemClock } from '../../../network/src/management/clock.ts';
import { ReleaseProofs } from '../../../network/src/management/proofs/release-proofs.ts';
import {
  MEMORY_VALIDATORS,
  ValidatorChain,
} from '../../../network/src/management/proofs/validator-chain.ts';
import { TestNetwork } from '../../network/ledger/test-network.ts';

export const MODEL = 'prime';
const VENDORS = ['northlight', 'helios', 'meridian'] as const;
const KEY = new Uint8Array(32).fill(7);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** See the module comment. */
export class ProvingNetwork implements AsyncDisposable {
  readonly source: ProofSource;
  readonly validators: ValidatorChain;
  readonly proofs: ReleaseProofs;
  readonly #network: TestNetwork;
  readonly #ending = new AbortController();

  private constructor(network: TestNetwork, contracts: Contracts) {
    const { proofs: source } = contracts.ledger;
    if (source === undefined) throw new TypeError('expected a ledger whose peers sign');
    const { signal } = this.#ending;
    this.#network = network;
    this.source = source;
    this.validators = new ValidatorChain({ contracts, source, store: MEMORY_VALIDATORS, signal });
    const { validators } = this;
    this.proofs = new ReleaseProofs({ source, validators, clock: systemClock, signal });
  }

  static async start(): Promise<ProvingNetwork> {
    const network = await TestNetwork.start();
    try {
      const contracts = await settle(network);
      const proving = new ProvingNetwork(network, contracts);
      await proving.validators.catchUp();
      return proving;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#network[Symbol.asyncDispose]();
  }
}

async function settle(network: TestNetwork): Promise<Contracts> {
  const members: Contracts[] = [];
  for (const id of VENDORS) {
    const mspId = `${id.charAt(0).toUpperCase()}${id.slice(1)}MSP`;
    const contracts = new Contracts(await network.connect(mspId, 'Admin', 'admin'));
    const { raw } = new X509Certificate(network.network.peerCertificate(mspId));
    await contracts.registerVendor({
      id,
      url: 'http://127.0.0.1:1',
      signingKey: hexOf(ed25519PublicKey(KEY)),
      peerCertificates: [raw.toString('hex')],
    });
    members.push(contracts);
  }
  const [vendor, other] = members;
  if (vendor === undefined || other === undefined) throw new TypeError('expected three members');
  const model = { id: MODEL, kind: 'end', slotBytes: 65_536, approvals: 1 } as const;
  await vendor.registerModel({ ...model, vendor: VENDORS[0] });
  const envelope = hexOf(releaseEnvelope());
  const url = 'http://127.0.0.1:1';
  const { result } = await vendor.publishRelease({ envelope, url, propagate: true });
  await other.approveRelease(Buffer.from(result).toString());
  return other;
}

function releaseEnvelope(): Uint8Array {
  const manifest = encodeManifest({
    vendor: VENDORS[0],
    model: MODEL,
    gen: 1,
    seq: 2,
    version: '7.28.0',
    size: 2_000,
    sha256: new Uint8Array(32).fill(1),
    chunkLog2: 14,
    root: new Uint8Array(32).fill(2),
    format: 0,
    expiry: 1_900_000_000,
    component: ['firmware', 0],
  });
  return encodeSigned(signEnvelope('release', manifest, newEd25519Signer(KEY)));
}
