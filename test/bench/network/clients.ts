/** The three clients, each loaded only in the process that measures it: ours silences the SDK's logger when it loads. */
import { createPrivateKey } from 'node:crypto';

import type { ClientKind, Connection } from './orders.ts';

export interface Client {
  /** Resolves when the own organisation's peer has committed it as valid. */
  put(key: string, value: string): Promise<void>;
  close(): Promise<void>;
}

const PUT = 'Features:Put';

async function ours({ settings }: Connection): Promise<Client> {
  const { connectLedger } = await import('../../../network/src/ledger/index.ts');
  const ledger = await connectLedger(settings);
  return {
    put: async (key, value) => {
      await ledger.submit(PUT, [key, value]);
    },
    close: () => ledger.close(),
  };
}

async function stock({ settings }: Connection): Promise<Client> {
  const { Gateway } = await import('fabric-network');
  const { mspId, certificate, privateKey } = settings.identity;
  const gateway = new Gateway();
  const identity = { type: 'X.509', mspId, credentials: { certificate, privateKey } } as never;
  await gateway.connect(settings.profile as Record<string, unknown>, {
    identity,
    discovery: { enabled: false, asLocalhost: false },
  });
  const network = await gateway.getNetwork(settings.channel);
  const contract = network.getContract(settings.chaincode);
  return {
    put: async (key, value) => {
      await contract.submitTransaction(PUT, key, value);
    },
    close: () => {
      gateway.disconnect();
      return Promise.resolve();
    },
  };
}

async function gateway({ settings, peer, mspIds }: Connection): Promise<Client> {
  const { connect, signers } = await import('@hyperledger/fabric-gateway');
  const { Client: GrpcClient, credentials } = await import('@grpc/grpc-js');
  const { mspId, certificate, privateKey } = settings.identity;
  const client = new GrpcClient(
    peer.address,
    credentials.createSsl(Buffer.from(peer.tlsRootCertificate)),
  );
  const connected = connect({
    client,
    identity: { mspId, credentials: Buffer.from(certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(privateKey)),
  });
  const contract = connected.getNetwork(settings.channel).getContract(settings.chaincode);
  return {
    put: async (key, value) => {
      await contract.submit(PUT, { arguments: [key, value], endorsingOrganizations: [...mspIds] });
    },
    close: () => {
      connected.close();
      client.close();
      return Promise.resolve();
    },
  };
}

const CONNECT = { ours, stock, gateway };

export function connectClient(kind: ClientKind, connection: Connection): Promise<Client> {
  return CONNECT[kind](connection);
}
