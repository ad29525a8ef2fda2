/** The environment in which Fabric's `peer` command acts as a member of an organisation. Pure, but for a look for the user. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../errors.ts';
import type { RunningNetwork, RunningNode, RunningOrganisation } from './running-file.ts';

/** Variables by name, in the order they are best read. */
export type Environment = Readonly<Record<string, string>>;

/**
 * @param organisation its short name or MSP id
 * @param user one that is enrolled, such as `Admin` or `User1`
 * @throws {OperatorError} OPTION_INVALID
 */
export function peerEnvironment(
  network: RunningNetwork,
  organisation: string,
  user: string,
): Environment {
  const own = organisationOf(network, organisation);
  const { peer, mspId } = own;
  const orderer = ordererFor(network, own);
  return {
    FABRIC_CFG_PATH: network.peerConfiguration,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_LOCALMSPID: mspId,
    CORE_PEER_ADDRESS: peer.address,
    CORE_PEER_TLS_ROOTCERT_FILE: peer.tlsRootCertificate,
    CORE_PEER_MSPCONFIGPATH: mspFolder(own, user),
    ORDERER_ADDRESS: orderer.address,
    ORDERER_CA: orderer.tlsRootCertificate,
    // Each gRPC call is worth twenty lines to it.
    FABRIC_LOGGING_SPEC: 'info:grpc=error',
    PEER_CONN_PARMS: network.organisations.map((each) => connection(each.peer)).join(' '),
  };
}

function organisationOf(network: RunningNetwork, wanted: string): RunningOrganisation {
  const found = network.organisations.find(({ name, mspId }) => [name, mspId].includes(wanted));
  if (found) return found;
  const names = network.organisations.map(({ name }) => name).join(', ');
  throw new OperatorError(
    'OPTION_INVALID',
    `no organisation "${wanted}" here; there are: ${names}`,
  );
}

/** Another one for each organisation, so that commands do not all hang on one. */
function ordererFor(
  { orderers, organisations }: RunningNetwork,
  own: RunningOrganisation,
): RunningNode {
  const chosen = orderers[organisations.indexOf(own) % orderers.length];
  if (chosen === undefined) throw new RangeError('a network without an orderer');
  return chosen;
}

function mspFolder({ users, domain, name }: RunningOrganisation, user: string): string {
  const folder = join(users, `${user}@${domain}`, 'msp');
  // A user's name is a part of a path.
  if (/^[A-Za-z0-9._-]+$/.test(user) && existsSync(folder)) return folder;
  throw new OperatorError(
    'OPTION_INVALID',
    `${name} has no user "${user}"; there are Admin and User1`,
  );
}

function connection({ address, tlsRootCertificate }: RunningNode): string {
  return `--peerAddresses ${address} --tlsRootCertFiles ${tlsRootCertificate}`;
}

/** Lines for a POSIX shell: `eval "$(…)"`. */
export function exportLines(environment: Environment): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
