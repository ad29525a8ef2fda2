/** A network where stake decides, and clients that choose themselves who endorses: what no SDK would send can be sent. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';
import { decodeStakeTable, type StakeTable } from '@lamplighter/chaincode/stake';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetworkOptions } from '../../../network/src/embedded/index.ts';
import type { ConnectionProfile } from '../../../network/src/membership/connection-profile.ts';
import { newSigner, type Credentials } from '../../../network/src/membership/signer.ts';
import { peerCertificateOf } from '../../chaincode/peer-certificates.ts';
import { TestNetwork } from '../ledger/test-network.ts';
import {
  newDraft,
  newEnvelope,
  RawClient,
  signDraft,
  type CommitListener,
  type Draft,
} from './raw-client.ts';

const { TxValidationCode } = peer;
const CODES = new Map<number, string>(
  Object.entries(TxValidationCode).map(([name, code]) => [code, name]),
);

export const NAMES = ['northlight', 'helios', 'meridian'] as const;
export type Name = (typeof NAMES)[number];

const mspIdOf = (name: Name): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;
export const peerOf = (name: Name): string => `peer0.${name}.example`;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Argument of DeviceRegistry:RegisterVendor. @param peerCertificates DER of each, hex */
export function vendorOf(id: string, peerCertificates = [peerCertificateOf('any')]): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const signingKey = Buffer.from(x, 'base64url').toString('hex');
  return JSON.stringify({ id, url: 'http://127.0.0.1:1', signingKey, peerCertificates });
}

/** A proposal and its answers, in the order asked. */
export interface Endorsed {
  readonly draft: Draft;
  readonly responses: readonly peer.ProposalResponse[];
}

/** Stake:ReportMisconduct's argument. */
export function reportOf(
  kind: 'equivocation' | 'divergence',
  { draft, responses }: Endorsed,
): string {
  return JSON.stringify({
    kind,
    channelHeader: hexOf(draft.header.getChannelHeader_asU8()),
    signatureHeader: hexOf(draft.header.getSignatureHeader_asU8()),
    proposal: hexOf(draft.payload),
    responses: responses.map((response) => ({
      payload: hexOf(response.getPayload_asU8()),
      endorser: hexOf(response.getEndorsement()!.getEndorser_asU8()),
      signature: hexOf(response.getEndorsement()!.getSignature_asU8()),
    })),
  });
}

/** What is asked of a network, whichever engine runs it. */
export interface StakeEngine {
  enrol(mspId: string, name: string, role: 'admin'): Promise<Credentials>;
  connectionProfile(mspId: string): ConnectionProfile;
  peerCertificate(mspId: string): string;
}

/** See the module comment. Stake is founded: Northlight 45, Helios 30, Meridian 25; Northlight is validator. */
export class StakeNetwork implements AsyncDisposable {
  readonly #closers: Closers;
  readonly #clients: ReadonlyMap<Name, RawClient>;
  readonly #listeners: readonly CommitListener[];

  private constructor(
    closers: Closers,
    clients: ReadonlyMap<Name, RawClient>,
    listeners: readonly CommitListener[],
  ) {
    this.#closers = closers;
    this.#clients = clients;
    this.#listeners = listeners;
  }

  /** @param registered whether vendors and their peers' certificates stand on the ledger */
  static async start(
    more: Partial<EmbeddedNetworkOptions> = {},
    registered = true,
  ): Promise<StakeNetwork> {
    const city = await TestNetwork.start(more);
    const honest = NAMES.filter((name) => more.byzantine?.[mspIdOf(name)] === undefined);
    const started = await StakeNetwork.of(city.network, city);
    if (registered) await started.register(city.network, honest);
    return started;
  }

  /** Of a network where stake is founded. @param owner is disposed of with the clients */
  static async of(network: StakeEngine, owner: AsyncDisposable): Promise<StakeNetwork> {
    const closers = new Closers();
    closers.add(async () => {
      await owner[Symbol.asyncDispose]();
    });
    const clients = new Map<Name, RawClient>();
    for (const name of NAMES) {
      const signer = newSigner(await network.enrol(mspIdOf(name), 'Founder', 'admin'));
      const client = new RawClient(network.connectionProfile(mspIdOf(name)), signer);
      clients.set(name, client);
      closers.add(() => {
        client.close();
        return Promise.resolve();
      });
    }
    const first = clients.get('northlight')!;
    const listeners = await Promise.all(first.peers.map((node) => first.follow(node)));
    return new StakeNetwork(closers, clients, listeners);
  }

  /** Registers the vendors with their peers' certificates. @param honest whose peers endorse it */
  async register(network: StakeEngine, honest: readonly Name[]): Promise<void> {
    for (const name of NAMES) {
      const { raw } = new X509Certificate(network.peerCertificate(mspIdOf(name)));
      const peerCertificates = [raw.toString('hex')];
      const vendor = vendorOf(name, peerCertificates);
      await this.submit(name, honest, 'DeviceRegistry:RegisterVendor', vendor);
    }
  }

  /** @param by whose peers are asked, in that order; one may be asked twice */
  async endorse(as: Name, by: readonly Name[], ...args: readonly string[]): Promise<Endorsed> {
    const client = this.#client(as);
    const draft = newDraft(client.signer, { chaincode: 'lamplighter', args });
    const signed = signDraft(draft, client.signer);
    const responses: peer.ProposalResponse[] = [];
    for (const name of by) responses.push(await client.process(peerOf(name), signed));
    return { draft, responses };
  }

  /** @returns the validation code, which all peers gave */
  async commit(as: Name, { draft, responses }: Endorsed, endorsers = responses): Promise<string> {
    const client = this.#client(as);
    const envelope = newEnvelope(draft, endorsers, client.signer, {
      responsePayload: responses[0]!.getPayload_asU8(),
    });
    await client.broadcast(envelope);
    const codes = await Promise.all(
      this.#listeners.map((listener) => listener.code(draft.transactionId)),
    );
    if (new Set(codes).size > 1) throw new Error(`peers disagree: ${codes.join(', ')}`);
    return CODES.get(codes[0]!)!;
  }

  /** Sends it changed, and waits for nothing but the orderer. */
  async send(
    as: Name,
    { draft, responses }: Endorsed,
    change: (payload: common.Payload) => void,
  ): Promise<void> {
    const client = this.#client(as);
    await client.broadcast(newEnvelope(draft, responses, client.signer, { payload: change }));
  }

  async submit(as: Name, by: readonly Name[], ...args: readonly string[]): Promise<string> {
    return this.commit(as, await this.endorse(as, by, ...args));
  }

  /** Of the state of a peer. */
  async table(at: Name = 'northlight'): Promise<StakeTable> {
    const answer = await this.query(at, 'Stake:ReadTable');
    return decodeStakeTable(answer.getPayload_asU8())!;
  }

  query(at: Name, ...args: readonly string[]): Promise<peer.Response> {
    return this.#client(at).query({ chaincode: 'lamplighter', args }, peerOf(at));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.forEach((listener) => {
      listener.close();
    });
    return this.#closers.closeAll();
  }

  #client(name: Name): RawClient {
    return this.#clients.get(name)!;
  }
}
