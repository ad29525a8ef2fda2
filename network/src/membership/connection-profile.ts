/**
 * Connection profiles for `fabric-network`, TLS CAs inline: without discovery all peers and the orderer of the channel, where clients
 * differ in `client.organization` only; with discovery just the peers of the client's organisation, which tell it the rest.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One TLS endpoint of a node. */
export interface ProfileNode {
  /** Full name, such as `peer0.northlight.example`: must be a name in its TLS certificate. */
  readonly name: string;
  /** Such as 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  /** Certificate of the TLS CA, PEM. */
  readonly tlsRootCertificate: string;
}

/** Everything a profile says. */
export interface ProfileNetwork {
  readonly channel: string;
  readonly organisations: readonly {
    /** Such as `northlight`. */
    readonly name: string;
    readonly mspId: string;
    readonly peers: readonly ProfileNode[];
  }[];
  readonly orderers: readonly (ProfileNode & { readonly mspId: string })[];
}

interface Endpoint {
  readonly url: string;
  readonly tlsCACerts: { readonly pem: string };
  readonly grpcOptions: Readonly<Record<string, string | number>>;
}

interface PeerRoles {
  readonly endorsingPeer: boolean;
  readonly chaincodeQuery: boolean;
  readonly ledgerQuery: boolean;
  readonly eventSource: boolean;
}

/** The common connection profile, as `Gateway.connect` takes it. */
export interface ConnectionProfile {
  readonly name: string;
  readonly version: '1.0.0';
  readonly client: {
    readonly organization: string;
    readonly connection: {
      readonly timeout: { readonly peer: { readonly endorser: string }; readonly orderer: string };
    };
  };
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly orderers: readonly string[];
        readonly peers: Readonly<Record<string, PeerRoles>>;
      }
    >
  >;
  readonly organizations: Readonly<
    Record<string, { readonly mspid: string; readonly peers: readonly string[] }>
  >;
  readonly orderers: Readonly<Record<string, Endpoint & { readonly mspid: string }>>;
  readonly peers: Readonly<Record<string, Endpoint>>;
}

/** A profile that leaves the channel to discovery: what stands in both would be connected to twice. */
export type DiscoveryProfile = Omit<ConnectionProfile, 'channels' | 'orderers'>;

const ALL_ROLES: PeerRoles = {
  endorsingPeer: true,
  chaincodeQuery: true,
  ledgerQuery: true,
  eventSource: true,
};
/** Seconds; the SDK waits that long for a proposal's or a broadcast's answer. */
const TIMEOUT_SECONDS = '30';

/** The name is checked against the certificate in place of the address, which TLS has no server name for. */
function endpointOf({ name, host, port, tlsRootCertificate }: ProfileNode): Endpoint {
  return {
    url: `grpcs://${host}:${port}`,
    tlsCACerts: { pem: tlsRootCertificate },
    grpcOptions: { 'ssl-target-name-override': name, hostnameOverride: name },
  };
}

/**
 * Makes the profile for clients of one organisation.
 *
 * @throws {RangeError} when the organisation is not in the network.
 */
export function newConnectionProfile(network: ProfileNetwork, mspId: string): ConnectionProfile {
  const own = network.organisations.find((organisation) => organisation.mspId === mspId);
  if (!own) {
    throw new RangeError(`"mspId" expected an organisation of the network, got ${mspId}`);
  }
  const peers = network.organisations.flatMap((organisation) => organisation.peers);
  return {
    name: `lamplighter-${network.channel}-${own.name}`,
    version: '1.0.0',
    client: {
      organization: own.name,
      connection: {
        timeout: { peer: { endorser: TIMEOUT_SECONDS }, orderer: TIMEOUT_SECONDS },
      },
    },
    channels: {
      [network.channel]: {
        orderers: network.orderers.map(({ name }) => name),
        peers: Object.fromEntries(peers.map(({ name }) => [name, ALL_ROLES])),
      },
    },
    organizations: Object.fromEntries(
      network.organisations.map((organisation) => [
        organisation.name,
        { mspid: organisation.mspId, peers: organisation.peers.map(({ name }) => name) },
      ]),
    ),
    orderers: Object.fromEntries(
      network.orderers.map((node) => [node.name, { ...endpointOf(node), mspid: node.mspId }]),
    ),
    peers: Object.fromEntries(peers.map((node) => [node.name, endpointOf(node)])),
  };
}

/**
 * Makes the profile for clients of one organisation that use discovery.
 *
 * @throws {RangeError} when the organisation is not in the network.
 */
export function newDiscoveryProfile(network: ProfileNetwork, mspId: string): DiscoveryProfile {
  const { name, version, client, organizations, peers } = newConnectionProfile(network, mspId);
  const own = Object.entries(organizations).filter(([, { mspid }]) => mspid === mspId);
  const names = own.flatMap(([, organization]) => organization.peers);
  return {
    name: `${name}-discovery`,
    version,
    client,
    organizations: Object.fromEntries(own),
    peers: Object.fromEntries(Object.entries(peers).filter(([peer]) => names.includes(peer))),
  };
}

/**
 * Writes `connection-<organisation>.json` and `discovery-<organisation>.json` for every organisation; a reader never sees half a file.
 *
 * @returns the paths of the former.
 */
export async function writeConnectionProfiles(
  directory: string,
  network: ProfileNetwork,
): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  return Promise.all(
    network.organisations.map(async ({ name, mspId }) => {
      await writeJson(
        join(directory, `discovery-${name}.json`),
        newDiscoveryProfile(network, mspId),
      );
      const path = join(directory, `connection-${name}.json`);
      await writeJson(path, newConnectionProfile(network, mspId));
      return path;
    }),
  );
}

async function writeJson(path: string, content: object): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`, { flush: true });
  await rename(draft, path);
}
