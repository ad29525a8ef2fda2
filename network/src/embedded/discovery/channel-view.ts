/** What discovery reads in the channel's configuration: policies as sets of organisations, MSPs, orderer endpoints. */
import { common, discovery, msp } from '@hyperledger/fabric-protos';

import { decodePolicy, malformedPolicy, MAX_DEPTH } from '../policies.ts';
import {
  setsOfPolicies,
  setsOfSignaturePolicy,
  type OrganisationSet,
} from './organisation-sets.ts';

const { SIGNATURE, IMPLICIT_META } = common.Policy.PolicyType;
const { ANY, ALL } = common.ImplicitMetaPolicy.Rule;

function neededOf(rule: number, count: number): number {
  if (count === 0) {
    return 0;
  }
  if (rule === ALL) {
    return count;
  }
  return rule === ANY ? 1 : Math.floor(count / 2) + 1;
}

function signatureSets(bytes: Uint8Array): readonly OrganisationSet[] {
  return setsOfSignaturePolicy(
    decodePolicy('SignaturePolicyEnvelope', bytes, (value) =>
      common.SignaturePolicyEnvelope.deserializeBinary(value),
    ),
  );
}

function implicitSets(
  bytes: Uint8Array,
  group: common.ConfigGroup,
  depth: number,
): readonly OrganisationSet[] {
  const meta = decodePolicy('ImplicitMetaPolicy', bytes, (value) =>
    common.ImplicitMetaPolicy.deserializeBinary(value),
  );
  const sets = [...group.getGroupsMap().entries()].map(([, child]) =>
    setsInGroup(child, meta.getSubPolicy(), depth + 1),
  );
  return setsOfPolicies(neededOf(meta.getRule(), sets.length), sets);
}

function setsInGroup(
  group: common.ConfigGroup | undefined,
  name: string,
  depth: number,
): readonly OrganisationSet[] {
  if (depth > MAX_DEPTH) {
    throw malformedPolicy(`expected groups nested at most ${MAX_DEPTH} deep, got more`);
  }
  const policy = group?.getPoliciesMap().get(name)?.getPolicy();
  if (!group || !policy) {
    return [];
  }
  const bytes = policy.getValue_asU8();
  if (policy.getType() === SIGNATURE) {
    return signatureSets(bytes);
  }
  return policy.getType() === IMPLICIT_META ? implicitSets(bytes, group, depth) : [];
}

function endpointOf(address: string): discovery.Endpoint {
  const colon = address.lastIndexOf(':');
  const endpoint = new discovery.Endpoint();
  endpoint.setHost(address.slice(0, colon).replace(/^\[|\]$/g, ''));
  endpoint.setPort(Number(address.slice(colon + 1)));
  return endpoint;
}

function endpointsOf(group: common.ConfigGroup): discovery.Endpoints {
  const value = group.getValuesMap().get('Endpoints')?.getValue_asU8() ?? new Uint8Array();
  const endpoints = new discovery.Endpoints();
  const addresses = common.OrdererAddresses.deserializeBinary(value).getAddressesList();
  endpoints.setEndpointList(addresses.map(endpointOf));
  return endpoints;
}

function mspOf(group: common.ConfigGroup): msp.FabricMSPConfig {
  const value = group.getValuesMap().get('MSP')?.getValue_asU8() ?? new Uint8Array();
  const config = msp.MSPConfig.deserializeBinary(value);
  return msp.FabricMSPConfig.deserializeBinary(config.getConfig_asU8());
}

export class ChannelView {
  readonly #root: common.ConfigGroup;

  /** @param root - the channel group of the configuration. */
  constructor(root: common.ConfigGroup) {
    this.#root = root;
  }

  /**
   * @param path - such as `/Channel/Application/Endorsement`.
   * @returns the sets that satisfy a policy; none when there is no policy of that name.
   * @throws IdentityError POLICY_MALFORMED
   */
  setsOf(path: string): readonly OrganisationSet[] {
    const [empty, channel, ...names] = path.split('/');
    const policy = names.pop();
    if (empty !== '' || channel !== 'Channel' || policy === undefined) {
      return [];
    }
    let group: common.ConfigGroup | undefined = this.#root;
    for (const name of names) {
      group = group?.getGroupsMap().get(name);
    }
    return setsInGroup(group, policy, names.length);
  }

  /** MSPs of all organisations, and where those with orderers have them. */
  config(): discovery.ConfigResult {
    const result = new discovery.ConfigResult();
    for (const [, group] of this.#organisations('Orderer')) {
      const config = mspOf(group);
      result.getMspsMap().set(config.getName(), config);
      result.getOrderersMap().set(config.getName(), endpointsOf(group));
    }
    for (const [, group] of this.#organisations('Application')) {
      const config = mspOf(group);
      result.getMspsMap().set(config.getName(), config);
    }
    return result;
  }

  #organisations(name: string): readonly (readonly [string, common.ConfigGroup])[] {
    const group = this.#root.getGroupsMap().get(name);
    return [...(group?.getGroupsMap().entries() ?? [])];
  }
}
