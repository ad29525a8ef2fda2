/**
 * The files of an MSP folder, by cryptogen's names, as Fabric's own tools read them (CORE_PEER_MSPCONFIGPATH): the CAs'
 * certificates, config.yaml with the NodeOUs and, for a member, its certificate and key.
 */
import type { KeyedCertificate } from './authority.ts';
import type { FolderFile } from './folder.ts';
import { ROLES } from './member-certificate.ts';

/** What all MSP folders of one organisation share. */
export interface MspRoots {
  readonly domain: string;
  /** Certificate of the identity CA, PEM. */
  readonly rootCertificate: string;
  /** Certificate of the TLS CA, PEM. */
  readonly tlsRootCertificate: string;
}

/** Where a member's key lies within its MSP folder. */
export const KEY_PATH = 'keystore/priv_sk';

export function caPath(domain: string): string {
  return `cacerts/ca.${domain}-cert.pem`;
}

export function certificatePath(name: string): string {
  return `signcerts/${name}-cert.pem`;
}

/** @returns config.yaml: roles are told by the OU, of certificates which that CA issued. */
export function nodeOusYaml(domain: string): string {
  const lines = ROLES.flatMap((role) => [
    `  ${role.charAt(0).toUpperCase()}${role.slice(1)}OUIdentifier:`,
    `    Certificate: ${caPath(domain)}`,
    `    OrganizationalUnitIdentifier: ${role}`,
  ]);
  return ['NodeOUs:', '  Enable: true', ...lines, ''].join('\n');
}

/** Files that say who belongs to the organisation. */
export function verifyingMsp(roots: MspRoots, under: string): readonly FolderFile[] {
  return [
    { path: `${under}/${caPath(roots.domain)}`, content: roots.rootCertificate },
    {
      path: `${under}/tlscacerts/tlsca.${roots.domain}-cert.pem`,
      content: roots.tlsRootCertificate,
    },
    { path: `${under}/config.yaml`, content: nodeOusYaml(roots.domain) },
  ];
}

/** Files of one member, who can sign. */
export function signingMsp(
  roots: MspRoots,
  under: string,
  name: string,
  member: KeyedCertificate,
): readonly FolderFile[] {
  return [
    ...verifyingMsp(roots, under),
    { path: `${under}/${certificatePath(name)}`, content: member.certificate },
    { path: `${under}/${KEY_PATH}`, content: member.privateKey, secret: true },
  ];
}

/** Files of a TLS endpoint; `kind` as cryptogen names them: server for nodes, client for users. */
export function tlsFiles(
  roots: MspRoots,
  kind: 'server' | 'client',
  endpoint: KeyedCertificate,
): readonly FolderFile[] {
  return [
    { path: 'tls/ca.crt', content: roots.tlsRootCertificate },
    { path: `tls/${kind}.crt`, content: endpoint.certificate },
    { path: `tls/${kind}.key`, content: endpoint.privateKey, secret: true },
  ];
}
