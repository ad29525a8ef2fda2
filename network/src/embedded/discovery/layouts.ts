/**
 * Which peers can endorse a transaction together (Fabric, discovery/endorsement): groups of peers, one an organisation, and layouts
 * that say how many of each group it takes.
 */
import { common } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import type { ChaincodeDefinition } from '../peer/definitions.ts';
import { LIFECYCLE, STAKE_PLUGIN } from '../peer/definitions.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { stakeSets } from '../stake-policy.ts';
import { decode } from '../wire/messages.ts';
import type { ChannelView } from './channel-view.ts';
import type { ChaincodeCall, Interest } from './interest.ts';
import {
  MAX_SETS,
  setsOfPolicies,
  setsOfSignaturePolicy,
  type OrganisationSet,
} from './organisation-sets.ts';

export interface EndorsementLayouts {
  /** Peers by MSP id. */
  readonly groups: ReadonlyMap<string, readonly Neighbour[]>;
  /** Each of them suffices. */
  readonly layouts: readonly OrganisationSet[];
}

const LIFECYCLE_POLICY = '/Channel/Application/LifecycleEndorsement';

function unsatisfied(reason: string): EmbeddedError {
  return new EmbeddedError('NOT_FOUND', reason);
}

export class LayoutFinder {
  readonly #channel: string;
  readonly #view: ChannelView;
  readonly #mspIds: readonly string[];
  /** Sets of a definition's own policy: definitions stay the same objects until a block changes them. */
  readonly #sets = new WeakMap<ChaincodeDefinition, readonly OrganisationSet[]>();

  /** @param mspIds - all organisations of the channel. */
  constructor(channel: string, view: ChannelView, mspIds: readonly string[]) {
    this.#channel = channel;
    this.#view = view;
    this.#mspIds = mspIds;
  }

  /**
   * @param peers - those that can be asked, in the order in which they should be.
   * @param asking - whose definitions and stake tables count.
   * @throws {@link EmbeddedError} NOT_FOUND when no peers together can endorse it.
   */
  async find(
    interest: Interest,
    peers: readonly Neighbour[],
    asking: Pick<Neighbour, 'definitions' | 'stakeTable'>,
  ): Promise<EndorsementLayouts> {
    const policies: (readonly OrganisationSet[])[] = [];
    for (const call of interest) {
      policies.push(...(await this.#setsOfCall(call, asking)));
    }
    const sets = setsOfPolicies(policies.length, policies).filter(({ size }) => size > 0);
    if (sets.length === 0) {
      throw unsatisfied('endorsement policy cannot be satisfied');
    }
    const known = new Set(peers.map(({ mspId }) => mspId));
    const possible = sets.filter((set) => [...set.keys()].every((mspId) => known.has(mspId)));
    if (possible.length === 0) {
      throw unsatisfied('no peer combination can satisfy the endorsement policy');
    }
    const groups = groupsOf(await ableTo(interest, peers));
    const layouts = possible.filter((set) =>
      [...set].every(([mspId, count]) => (groups.get(mspId)?.length ?? 0) >= count),
    );
    if (layouts.length === 0) {
      throw unsatisfied('required chaincodes are not installed on sufficient peers');
    }
    return { groups, layouts };
  }

  async #setsOfCall(
    call: ChaincodeCall,
    asking: Pick<Neighbour, 'definitions' | 'stakeTable'>,
  ): Promise<readonly (readonly OrganisationSet[])[]> {
    if (call.collections.length > 0) {
      throw unsatisfied(
        `collection ${call.collections.join()} of ${call.name} does not exist: this network has no private data`,
      );
    }
    if (call.keyPoliciesOnly && call.keyPolicies.length === 0) {
      throw unsatisfied(
        `requested to disregard chaincode ${call.name}'s policy but key and collection policies are missing`,
      );
    }
    const own = await this.#setsOfChaincode(call.name, asking);
    const keys = call.keyPolicies.map(setsOfSignaturePolicy);
    return call.keyPoliciesOnly ? keys : [own, ...keys];
  }

  async #setsOfChaincode(
    name: string,
    asking: Pick<Neighbour, 'definitions' | 'stakeTable'>,
  ): Promise<readonly OrganisationSet[]> {
    if (name === LIFECYCLE) {
      return this.#view.setsOf(LIFECYCLE_POLICY);
    }
    const definition = (await asking.definitions()).get(name);
    if (!definition) {
      throw unsatisfied(`No metadata was found for chaincode ${name} in channel ${this.#channel}`);
    }
    if (definition.validationPlugin === STAKE_PLUGIN) {
      const table = await asking.stakeTable(name);
      return stakeSets({ table, mspIds: this.#mspIds }, MAX_SETS);
    }
    const sets = this.#sets.get(definition) ?? this.#setsOfDefinition(definition);
    this.#sets.set(definition, sets);
    return sets;
  }

  #setsOfDefinition({ validationParameter }: ChaincodeDefinition): readonly OrganisationSet[] {
    const policy = decode(common.ApplicationPolicy, validationParameter, 'ApplicationPolicy');
    const signaturePolicy = policy.getSignaturePolicy();
    return signaturePolicy
      ? setsOfSignaturePolicy(signaturePolicy)
      : this.#view.setsOf(policy.getChannelConfigPolicyReference());
  }
}

/** Peers that have every chaincode of the interest. */
async function ableTo(
  interest: Interest,
  peers: readonly Neighbour[],
): Promise<readonly Neighbour[]> {
  const names = interest.map(({ name }) => name).filter((name) => name !== LIFECYCLE);
  const installed = await Promise.all(peers.map((neighbour) => neighbour.chaincodes()));
  return peers.filter((_, index) => names.every((name) => installed[index]?.has(name)));
}

function groupsOf(peers: readonly Neighbour[]): ReadonlyMap<string, readonly Neighbour[]> {
  const groups = new Map<string, Neighbour[]>();
  for (const neighbour of peers) {
    groups.set(neighbour.mspId, [...(groups.get(neighbour.mspId) ?? []), neighbour]);
  }
  return groups;
}
