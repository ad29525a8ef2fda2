/** Where the nodes of a network listen and keep their certificates, from its connection profile and folder. Pure. */
import { join } from 'node:path';
import type { ConnectionProfile } from '../../membership/index.ts';
import type { RunningNetwork, RunningNode, RunningOrganisation } from './running-file.ts';

export interface OrganisationPlan {
  /** Short name. */
  readonly id: string;
  readonly mspId: string;
  readonly domain: string;
}

/** @param folder of the network */
export function runningNodes(
  folder: string,
  profile: ConnectionProfile,
  plans: readonly OrganisationPlan[],
): Pick<RunningNetwork, 'orderers' | 'organisations'> {
  return {
    orderers: Object.entries(profile.orderers).map(([name, { url }]) => {
      const domain = name.slice(name.indexOf('.') + 1);
      return runningNode(name, url, organisationFolder(folder, 'orderer', domain), domain);
    }),
    organisations: plans.map((plan) => runningOrganisation(folder, profile, plan)),
  };
}

function runningOrganisation(
  folder: string,
  profile: ConnectionProfile,
  { id, mspId, domain }: OrganisationPlan,
): RunningOrganisation {
  const own = organisationFolder(folder, 'peer', domain);
  const [peer = ''] = profile.organizations[id]?.peers ?? [];
  return {
    name: id,
    mspId,
    domain,
    peer: runningNode(peer, profile.peers[peer]?.url, own, domain),
    users: join(own, 'users'),
  };
}

/** As cryptogen lays organisations out. */
function organisationFolder(folder: string, kind: 'peer' | 'orderer', domain: string): string {
  return join(folder, 'organizations', `${kind}Organizations`, domain);
}

function runningNode(
  name: string,
  url: string | undefined,
  own: string,
  domain: string,
): RunningNode {
  return {
    name,
    address: (url ?? '').replace('grpcs://', ''),
    tlsRootCertificate: join(own, 'tlsca', `tlsca.${domain}-cert.pem`),
  };
}
