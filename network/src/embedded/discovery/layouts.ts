/**
 * Which peers can endorse a transaction together (Fabric, discovery/endorsement): groups of peers, one an organisation, and layouts
 * that say how many of each group it takes.
 */
import { common } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import type { ChaincodeDefinition } from '../peer/definitions.ts';
import { LIFECYCLE } from '../peer/definitions.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { decode } from '../wire/messages.ts';
import type { ChannelView } from './channel-view.ts';
import type { ChaincodeCall, Interest } from './interest.ts';
import {
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
  /** Sets of a definition's own policy: definitions stay the same objects until a block changes them. */
  readonly #sets = new WeakMap<ChaincodeDefinition, readonly OrganisationSet[]>();

  constructor(channel: string, view: ChannelView) {
    this.#channel = channel;
    this.#view = view;
  }

  /**
   * @param peers - those that can be asked, in the order in which they should be.
   * @param definitions - as the asking peer knows them.
   * @throws {@link EmbeddedError} NOT_FOUND when no peers together can endorse it.
   */
  async find(
    interest: Interest,
    peers: readonly Neighbour[],
    definitions: ReadonlyMap<string, ChaincodeDefinition>,
  ): Promise<EndorsementLayouts> {
    const policies = interest.flatMap((call) => this.#setsOfCall(call, definitions));
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

  #setsOfCall(
    call: ChaincodeCall,
    definitions: ReadonlyMap<string, ChaincodeDefinition>,
  ): readonly (readonly OrganisationSet[])[] {
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
    const own = this.#setsOfChaincode(call.name, definitions);
    const keys = call.keyPolicies.map(setsOfSignaturePolicy);
    return call.keyPoliciesOnly ? keys : [own, ...keys];
  }

  #setsOfChaincode(
    name: string,
    definitions: ReadonlyMap<string, ChaincodeDefinition>,
  ): readonly OrganisationSet[] {
    if (name === LIFECYCLE) {
      return this.#view.setsOf(LIFECYCLE_POLICY);
    }
    const definition = definitions.get(name);
    if (!definition) {
      throw unsatisfied(`No metadata was found for chaincode ${name} in channel ${this.#channel}`);
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
