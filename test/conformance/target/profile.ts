/**
 * Reads a common connection profile (JSON) for the suite: all peers and orderers of a channel, and an administrator of every
 * organisation, from `organizations.<name>.adminPrivateKey` and `signedCert`, each with `path` or `pem`.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { ConnectionProfile } from '../../../network/src/embedded/index.ts';
import type { Credentials } from '../../../network/src/membership/signer.ts';

type Content = { readonly path?: string; readonly pem?: string } | undefined;
type GivenNode = Omit<ConnectionProfile['peers'][string], 'tlsCACerts' | 'grpcOptions'> & {
  readonly tlsCACerts: Content;
  readonly grpcOptions?: Readonly<Record<string, string | number>>;
  readonly mspid?: string;
};

/** What a file has to say; everything else in it is left alone. */
interface GivenProfile {
  readonly channels?: Readonly<Record<string, unknown>>;
  readonly organizations: Readonly<
    Record<
      string,
      {
        readonly mspid: string;
        readonly peers?: readonly string[];
        readonly signedCert: Content;
        readonly adminPrivateKey: Content;
      }
    >
  >;
  readonly peers: Readonly<Record<string, GivenNode>>;
  readonly orderers: Readonly<Record<string, GivenNode>>;
}

export interface TargetOrganisation {
  readonly name: string;
  readonly mspId: string;
  readonly administrator: Credentials;
  /** Names of its peers in the profile. */
  readonly peers: readonly string[];
}

export interface TargetProfile {
  readonly channel: string;
  readonly organisations: readonly TargetOrganisation[];
  /** With every certificate inline: what SDKs take. `client.organization` is the first organisation. */
  readonly connection: ConnectionProfile;
}

const ALL_ROLES = {
  endorsingPeer: true,
  chaincodeQuery: true,
  ledgerQuery: true,
  eventSource: true,
};

async function contentOf(content: Content, what: string, directory: string): Promise<string> {
  if (content?.pem !== undefined) {
    return content.pem;
  }
  if (content?.path === undefined) {
    throw new RangeError(`expected "${what}" with "pem" or "path" in the profile, got none`);
  }
  return readFile(resolve(directory, content.path), 'utf8');
}

/** A name to check the certificate against, where the address is none. */
function serverNameOf(name: string, { grpcOptions = {} }: GivenNode): string {
  const given = grpcOptions['ssl-target-name-override'] ?? grpcOptions['hostnameOverride'];
  return String(given ?? name);
}

async function completeNodes(
  nodes: GivenProfile['peers'],
  directory: string,
): Promise<ConnectionProfile['peers']> {
  const entries = Object.entries(nodes).map(async ([name, node]) => {
    const serverName = serverNameOf(name, node);
    const grpcOptions = {
      'ssl-target-name-override': serverName,
      hostnameOverride: serverName,
    };
    const pem = await contentOf(node.tlsCACerts, `tlsCACerts of ${name}`, directory);
    return [name, { ...node, tlsCACerts: { pem }, grpcOptions }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function readOrganisations(
  { organizations }: GivenProfile,
  directory: string,
): Promise<readonly TargetOrganisation[]> {
  const withPeers = Object.entries(organizations).filter(([, { peers }]) => peers?.length);
  return Promise.all(
    withPeers.map(async ([name, organisation]) => ({
      name,
      mspId: organisation.mspid,
      peers: organisation.peers ?? [],
      administrator: {
        mspId: organisation.mspid,
        certificate: await contentOf(organisation.signedCert, `signedCert of ${name}`, directory),
        privateKey: await contentOf(
          organisation.adminPrivateKey,
          `adminPrivateKey of ${name}`,
          directory,
        ),
      },
    })),
  );
}

/**
 * @param channel - instead of the only one in the profile.
 * @throws RangeError when something is missing in the profile.
 */
export async function readProfile(file: string, channel?: string): Promise<TargetProfile> {
  const given = JSON.parse(await readFile(file, 'utf8')) as GivenProfile;
  const directory = dirname(resolve(file));
  const name = channel ?? Object.keys(given.channels ?? {})[0];
  const organisations = await readOrganisations(given, directory);
  const [first] = organisations;
  if (name === undefined || !first || organisations.length < 2) {
    throw new RangeError('expected a channel and two organisations or more in the profile');
  }
  const peers = await completeNodes(given.peers, directory);
  const orderers = await completeNodes(given.orderers, directory);
  const timeout = { peer: { endorser: '60' }, orderer: '60' };
  return {
    channel: name,
    organisations,
    connection: {
      name: `conformance-${name}`,
      version: '1.0.0',
      client: { organization: first.name, connection: { timeout } },
      channels: {
        [name]: {
          orderers: Object.keys(orderers),
          peers: Object.fromEntries(Object.keys(peers).map((peer) => [peer, ALL_ROLES])),
        },
      },
      organizations: Object.fromEntries(
        organisations.map((organisation) => [
          organisation.name,
          { mspid: organisation.mspId, peers: organisation.peers },
        ]),
      ),
      orderers: orderers as ConnectionProfile['orderers'],
      peers,
    },
  };
}
