/** Real, unchanged fabric-network clients for the tests, with its logger silenced. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Contract, Gateway, Network } from 'fabric-network';

import {
  EmbeddedNetwork,
  type EmbeddedNetworkOptions,
} from '../../../network/src/embedded/index.ts';
import { PACKAGE_ID } from './chaincode-process.ts';

const silent = (): void => undefined;
(globalThis as { hfc?: unknown }).hfc = {
  logger: { debug: silent, info: silent, warn: silent, error: silent },
};

export const CHANNEL = 'city';
export const CHAINCODE = 'features';
export const NORTHLIGHT = 'NorthlightMSP';
export const HELIOS = 'HeliosMSP';
export const MERIDIAN = 'MeridianMSP';

export const ORGANISATIONS = [
  { name: 'northlight', mspId: NORTHLIGHT, domain: 'northlight.example' },
  { name: 'helios', mspId: HELIOS, domain: 'helios.example' },
  { name: 'meridian', mspId: MERIDIAN, domain: 'meridian.example' },
];

export interface TestNetwork {
  readonly options: EmbeddedNetworkOptions;
  /** Starts it, again if need be. */
  start(): Promise<EmbeddedNetwork>;
  remove(): Promise<void>;
}

/** A network of three organisations in a directory of its own. */
export async function newTestNetwork(
  address: string,
  more: Partial<EmbeddedNetworkOptions> = {},
): Promise<TestNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-'));
  const options: EmbeddedNetworkOptions = {
    directory,
    organisations: ORGANISATIONS,
    chaincodes: [{ name: CHAINCODE, version: '1.0', sequence: 1, packageId: PACKAGE_ID, address }],
    batch: { maxMessageCount: 50, timeoutMs: 20 },
    ...more,
  };
  return {
    options,
    start: () => EmbeddedNetwork.start(options),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export interface Client {
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
  close(): void;
}

/** Connects a user of an organisation by the static profile. */
export async function connectClient(
  network: EmbeddedNetwork,
  mspId: string,
  user = 'User1',
): Promise<Client> {
  // Loaded here: the SDK reads the global logger when it is required.
  const fabric = await import('fabric-network');
  const { certificate, privateKey } = await network.enrol(mspId, user, 'client');
  const gateway = new fabric.Gateway();
  await gateway.connect(network.connectionProfile(mspId) as unknown as Record<string, unknown>, {
    identity: { type: 'X.509', mspId, credentials: { certificate, privateKey } } as never,
    discovery: { enabled: false, asLocalhost: false },
    tlsInfo: { certificate, key: privateKey },
  });
  const channel = await gateway.getNetwork(CHANNEL);
  return {
    gateway,
    network: channel,
    contract: channel.getContract(CHAINCODE, 'Features'),
    close: () => {
      gateway.disconnect();
    },
  };
}
