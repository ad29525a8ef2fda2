/** The two SDKs for Node, unchanged, as clients of the network under test. */
import { createPrivateKey } from 'node:crypto';

import { Client as GrpcClient, credentials } from '@grpc/grpc-js';
import * as fabricGateway from '@hyperledger/fabric-gateway';
import type { Contract, Gateway, Network } from 'fabric-network';

import type { Closers } from '../../../network/src/closers.ts';
// Silences the logger that the SDK reads when it is loaded.
import '../../network/embedded/fabric-client.ts';
import type { Target } from './target.ts';

export interface NetworkClient {
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
}

/** With `fabric-network`. @param discovery - false: by the peers of the profile. */
export async function connectNetwork(
  { profile, names }: Target,
  closers: Closers,
  discovery: boolean,
): Promise<NetworkClient> {
  const fabric = await import('fabric-network');
  const [{ administrator, mspId }] = profile.organisations as [(typeof profile.organisations)[0]];
  const { certificate, privateKey } = administrator;
  const { channels, ...rest } = profile.connection;
  const gateway = new fabric.Gateway();
  await gateway.connect(discovery ? rest : { ...rest, channels }, {
    identity: { type: 'X.509', mspId, credentials: { certificate, privateKey } } as never,
    discovery: { enabled: discovery, asLocalhost: true },
    tlsInfo: { certificate, key: privateKey },
  });
  closers.add(() => {
    gateway.disconnect();
    return Promise.resolve();
  });
  const network = await gateway.getNetwork(profile.channel);
  return { gateway, network, contract: network.getContract(names.chaincode, 'Features') };
}

/** With `fabric-gateway`, on the first peer. */
export function connectGateway(target: Target, closers: Closers): fabricGateway.Gateway {
  const { profile, organisations } = target;
  const { administrator, mspId, peers } = organisations[0];
  const { url, tlsCACerts, grpcOptions } = profile.connection.peers[peers[0]!]!;
  const client = new GrpcClient(
    url.replace('grpcs://', ''),
    credentials.createSsl(Buffer.from(tlsCACerts.pem)),
    { 'grpc.ssl_target_name_override': String(grpcOptions['ssl-target-name-override']) },
  );
  const key = createPrivateKey(administrator.privateKey);
  const gateway = fabricGateway.connect({
    client,
    identity: { mspId, credentials: Buffer.from(administrator.certificate) },
    signer: fabricGateway.signers.newPrivateKeySigner(key),
    hash: fabricGateway.hash.sha256,
  });
  closers.add(() => {
    gateway.close();
    client.close();
    return Promise.resolve();
  });
  return gateway;
}
