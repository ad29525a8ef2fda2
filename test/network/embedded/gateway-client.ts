/** Real, unchanged fabric-gateway clients for the tests. */
import { createPrivateKey } from 'node:crypto';

import { Client, credentials } from '@grpc/grpc-js';
import {
  connect,
  hash,
  signers,
  type Contract,
  type Gateway,
  type Network,
} from '@hyperledger/fabric-gateway';

import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { CHAINCODE, CHANNEL } from './fabric-client.ts';

export interface GatewayClient {
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
  close(): void;
}

/** @returns a connection to the peer of an organisation. */
export function connectToPeer(network: EmbeddedNetwork, mspId: string): Client {
  const profile = network.connectionProfile(mspId);
  const own = Object.values(profile.organizations).find(({ mspid }) => mspid === mspId)!;
  const name = own.peers[0]!;
  const { url, tlsCACerts } = profile.peers[name]!;
  return new Client(
    url.replace('grpcs://', ''),
    credentials.createSsl(Buffer.from(tlsCACerts.pem)),
    { 'grpc.ssl_target_name_override': name, 'grpc.use_local_subchannel_pool': 1 },
  );
}

/**
 * Connects a user of an organisation to the gateway of a peer.
 *
 * @param at - MSP id of the peer's organisation, by default the user's own.
 */
export async function connectGateway(
  network: EmbeddedNetwork,
  mspId: string,
  { at = mspId, user = 'User1', role = 'client' }: ConnectOptions = {},
): Promise<GatewayClient> {
  const { certificate, privateKey } = await network.enrol(mspId, user, role);
  const client = connectToPeer(network, at);
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + 30_000 });
  const gateway = connect({
    client,
    identity: { mspId, credentials: Buffer.from(certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(privateKey)),
    hash: hash.sha256,
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  const channel = gateway.getNetwork(CHANNEL);
  return {
    gateway,
    network: channel,
    contract: channel.getContract(CHAINCODE, 'Features'),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

export interface ConnectOptions {
  readonly at?: string;
  readonly user?: string;
  readonly role?: 'client' | 'admin' | 'peer';
}
