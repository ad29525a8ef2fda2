/** Where everything of a network lies below its directory. */
import { join } from 'node:path';

import type { ChaincodeNode, NetworkNode, OrdererNode, PeerNode } from './topology.ts';

/** Orderers belong to organisations of orderers, all else to those of peers. */
export function organisationFolder(directory: string, { kind, domain }: NetworkNode): string {
  const kinds = kind === 'orderer' ? 'ordererOrganizations' : 'peerOrganizations';
  return join(directory, 'organizations', kinds, domain);
}

/** With `msp` and `tls`, as cryptogen lays them out. */
export function keyFolder(directory: string, node: OrdererNode | PeerNode): string {
  return join(organisationFolder(directory, node), `${node.kind}s`, node.name);
}

/** Server and client certificate of a chaincode server. */
export function chaincodeKeyFolder(directory: string, node: ChaincodeNode): string {
  return join(organisationFolder(directory, node), 'chaincodes', node.name);
}

/** The organisation's administrator, with `msp` and `tls`. */
export function administratorFolder(directory: string, node: NetworkNode): string {
  return join(organisationFolder(directory, node), 'users', `Admin@${node.domain}`);
}

/** Certificate of the TLS CA that vouches for a node. */
export function tlsRootFile(directory: string, node: NetworkNode): string {
  return join(organisationFolder(directory, node), 'tlsca', `tlsca.${node.domain}-cert.pem`);
}

/** A node's configuration file, the folder that FABRIC_CFG_PATH takes, and its data. */
export function nodeFolder(directory: string, { name }: NetworkNode): string {
  return join(directory, 'nodes', name);
}

export function logFile(directory: string, { name }: NetworkNode): string {
  return join(directory, 'logs', `${name}.log`);
}

/** configtx.yaml and the channel's block 0. */
export function channelFolder(directory: string): string {
  return join(directory, 'channel');
}

export function genesisFile(directory: string, channel: string): string {
  return join(channelFolder(directory), `${channel}.block`);
}

export function builderFolder(directory: string): string {
  return join(directory, 'builder');
}

export function packageFile(directory: string, { name }: ChaincodeNode): string {
  return join(directory, 'packages', `${name}.tar.gz`);
}
