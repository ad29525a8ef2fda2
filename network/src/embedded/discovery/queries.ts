/** Answers to the four questions of discovery about one channel (Fabric, discovery/service). */
import { discovery, type peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import { available, type Neighbour } from '../peer/neighbour.ts';
import type { ChannelView } from './channel-view.ts';
import { readInterest } from './interest.ts';
import type { EndorsementLayouts, LayoutFinder } from './layouts.ts';
import { channelMember, localMember, type MembershipOptions } from './membership.ts';

export interface QueryOptions extends MembershipOptions {
  readonly own: Neighbour;
  readonly neighbours: readonly Neighbour[];
  readonly finder: LayoutFinder;
  readonly view: ChannelView;
}

function byOrganisation(
  neighbours: readonly Neighbour[],
  members: readonly discovery.Peer[],
): discovery.QueryResult {
  const result = new discovery.PeerMembershipResult();
  for (const [index, { mspId }] of neighbours.entries()) {
    const peers = result.getPeersByOrgMap().get(mspId) ?? new discovery.Peers();
    peers.addPeers(members[index]);
    result.getPeersByOrgMap().set(mspId, peers);
  }
  const answer = new discovery.QueryResult();
  answer.setMembers(result);
  return answer;
}

/** All peers that are alive, of whatever channel. */
export function localPeers(options: QueryOptions): discovery.QueryResult {
  const peers = available(options.neighbours);
  return byOrganisation(
    peers,
    peers.map((member) => localMember(member, options)),
  );
}

/** The channel's peers; with a filter, those that run all chaincodes it names. */
export async function channelPeers(
  query: discovery.PeerMembershipQuery | undefined,
  options: QueryOptions,
): Promise<discovery.QueryResult> {
  const names = (query?.getFilter()?.getChaincodesList() ?? []).map((call) => call.getName());
  const definitions = await options.own.definitions();
  const unknown = names.find((name) => !definitions.has(name));
  if (unknown !== undefined) {
    throw new EmbeddedError(
      'NOT_FOUND',
      `No metadata was found for chaincode ${unknown} in channel ${options.channel}`,
    );
  }
  const alive = available(options.neighbours);
  const installed = await Promise.all(alive.map((member) => member.chaincodes()));
  const peers = alive.filter((_, index) => names.every((name) => installed[index]?.has(name)));
  const members = await Promise.all(peers.map((member) => channelMember(member, options)));
  return byOrganisation(peers, members);
}

export function channelConfig({ view }: QueryOptions): discovery.QueryResult {
  const answer = new discovery.QueryResult();
  answer.setConfigResult(view.config());
  return answer;
}

function assertInterests(interests: readonly peer.ChaincodeInterest[]): void {
  const problem = problemOf(interests);
  if (problem !== undefined) {
    throw new EmbeddedError('MESSAGE_MALFORMED', problem);
  }
}

function problemOf(interests: readonly peer.ChaincodeInterest[]): string | undefined {
  if (interests.length === 0) {
    return 'chaincode query must have at least one chaincode interest';
  }
  const calls = interests.map((interest) => interest.getChaincodesList());
  if (calls.some(({ length }) => length === 0)) {
    return 'chaincode interest must contain at least one chaincode';
  }
  return calls.flat().some((call) => call.getName() === '')
    ? 'chaincode name in interest cannot be empty'
    : undefined;
}

/** Who endorses, for each interest of the query. */
export async function endorsers(
  query: discovery.ChaincodeQuery | undefined,
  options: QueryOptions,
): Promise<discovery.QueryResult> {
  const interests = query?.getInterestsList() ?? [];
  assertInterests(interests);
  const result = new discovery.ChaincodeQueryResult();
  for (const interest of interests) {
    result.addContent(await descriptor(interest, options));
  }
  const answer = new discovery.QueryResult();
  answer.setCcQueryRes(result);
  return answer;
}

async function descriptor(
  interest: peer.ChaincodeInterest,
  options: QueryOptions,
): Promise<discovery.EndorsementDescriptor> {
  const { finder, neighbours, own } = options;
  const calls = readInterest(interest);
  const found = await finder
    .find(calls, available(neighbours, own), own)
    .catch((cause: unknown) => {
      const names = calls.map(({ name }) => name).join(', ');
      const text = `failed constructing descriptor for chaincodes:[${names}]`;
      throw new EmbeddedError('NOT_FOUND', text, { cause });
    });
  return describe(calls[0]?.name ?? '', found, options);
}

/** Groups get names of their own, as real peers name them: what they stand for is nobody's business. */
async function describe(
  chaincode: string,
  { groups, layouts }: EndorsementLayouts,
  options: QueryOptions,
): Promise<discovery.EndorsementDescriptor> {
  const answer = new discovery.EndorsementDescriptor();
  answer.setChaincode(chaincode);
  const used = [...new Set(layouts.flatMap((layout) => [...layout.keys()]))].sort();
  const names = new Map(used.map((mspId, index) => [mspId, `G${index}`]));
  for (const [mspId, name] of names) {
    const peers = new discovery.Peers();
    const members = (groups.get(mspId) ?? []).map((member) => channelMember(member, options));
    peers.setPeersList(await Promise.all(members));
    answer.getEndorsersByGroupsMap().set(name, peers);
  }
  answer.setLayoutsList(
    layouts.map((set) => {
      const layout = new discovery.Layout();
      for (const [mspId, count] of set) {
        layout.getQuantitiesByGroupMap().set(names.get(mspId) ?? mspId, count);
      }
      return layout;
    }),
  );
  return answer;
}
