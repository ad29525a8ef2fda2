/** Opens the organisations of a topology, with the keys of all that run in it. */
import { Organisation } from '../membership/organisation.ts';
import { chaincodeKeyFolder } from './paths.ts';
import type { ChaincodeNode, NetworkNode, Topology } from './topology.ts';

/** By MSP id. */
export type Members = ReadonlyMap<string, Organisation>;

function shortName({ name, domain }: NetworkNode): string {
  return name.slice(0, -domain.length - 1);
}

function openOrganisation(
  directory: string,
  nodes: readonly [NetworkNode, ...NetworkNode[]],
): Promise<Organisation> {
  const [{ mspId, domain, kind }] = nodes;
  return Organisation.open({
    directory,
    kind: kind === 'orderer' ? 'orderer' : 'peer',
    mspId,
    domain,
    nodes: nodes.filter((node) => node.kind !== 'chaincode').map(shortName),
    hosts: [...new Set(nodes.map(({ host }) => host))],
  });
}

async function openMember(
  directory: string,
  nodes: readonly [NetworkNode, ...NetworkNode[]],
): Promise<Organisation> {
  const organisation = await openOrganisation(directory, nodes);
  await organisation.enrol('Admin', 'admin');
  for (const node of nodes) {
    if (node.kind === 'chaincode') await organisation.openChaincode(shortName(node));
  }
  return organisation;
}

/** Creates what is missing, loads what is there. @throws IdentityError */
export async function openMembers(directory: string, topology: Topology): Promise<Members> {
  const groups = new Map<string, [NetworkNode, ...NetworkNode[]]>();
  for (const node of [...topology.orderers, ...topology.peers, ...topology.chaincodes]) {
    const group = groups.get(node.mspId);
    if (group === undefined) groups.set(node.mspId, [node]);
    else group.push(node);
  }
  const opened = [...groups].map(
    async ([mspId, nodes]) => [mspId, await openMember(directory, nodes)] as const,
  );
  return new Map(await Promise.all(opened));
}

/** Paths that a chaincode server is started with. */
export function chaincodeTls(
  directory: string,
  node: ChaincodeNode,
): { readonly certificate: string; readonly key: string; readonly clientRoot: string } {
  const folder = `${chaincodeKeyFolder(directory, node)}/tls`;
  return {
    certificate: `${folder}/server.crt`,
    key: `${folder}/server.key`,
    clientRoot: `${folder}/ca.crt`,
  };
}
