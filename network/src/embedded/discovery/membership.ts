/**
 * Peers as discovery lists them: gossip's own messages, signed by the peer that they speak of. The alive message says where it is,
 * the state message how high its ledger is and which chaincodes it runs.
 */
import { createHash } from 'node:crypto';

import { discovery, gossip } from '@hyperledger/fabric-protos';

import type { Definitions } from '../peer/defined-chaincodes.ts';
import type { Neighbour } from '../peer/neighbour.ts';

function pkiIdOf({ identity }: Neighbour): Uint8Array {
  return createHash('sha256').update(identity).digest();
}

function envelope(message: gossip.GossipMessage, { sign }: Neighbour): gossip.Envelope {
  const payload = message.serializeBinary();
  const signed = new gossip.Envelope();
  signed.setPayload(payload);
  signed.setSignature(sign(payload));
  return signed;
}

function now(clock: () => Date): gossip.PeerTime {
  const time = new gossip.PeerTime();
  time.setIncNum(clock().getTime());
  time.setSeqNum(1);
  return time;
}

function aliveMessage(peer: Neighbour, clock: () => Date): gossip.GossipMessage {
  const member = new gossip.Member();
  member.setEndpoint(peer.address);
  member.setPkiId(pkiIdOf(peer));
  const alive = new gossip.AliveMessage();
  alive.setMembership(member);
  alive.setTimestamp(now(clock));
  const message = new gossip.GossipMessage();
  message.setTag(gossip.GossipMessage.Tag.EMPTY);
  message.setAliveMsg(alive);
  return message;
}

function stateMessage(
  peer: Neighbour,
  chaincodes: Definitions,
  channel: string,
  clock: () => Date,
): gossip.GossipMessage {
  const properties = new gossip.Properties();
  properties.setLedgerHeight(peer.height);
  properties.setChaincodesList(
    [...chaincodes.values()].map(({ name, version }) => {
      const chaincode = new gossip.Chaincode();
      chaincode.setName(name);
      chaincode.setVersion(version);
      return chaincode;
    }),
  );
  const info = new gossip.StateInfo();
  info.setPkiId(pkiIdOf(peer));
  info.setTimestamp(now(clock));
  info.setProperties(properties);
  // Tells the channel to those who know it, without naming it.
  const mac = createHash('sha256').update(pkiIdOf(peer)).update(channel).digest();
  info.setChannelMac(mac);
  const message = new gossip.GossipMessage();
  message.setTag(gossip.GossipMessage.Tag.CHAN_OR_ORG);
  message.setStateInfo(info);
  return message;
}

export interface MembershipOptions {
  readonly channel: string;
  readonly clock: () => Date;
}

/** A peer as those who do not ask for a channel see it. */
export function localMember(peer: Neighbour, { clock }: MembershipOptions): discovery.Peer {
  const member = new discovery.Peer();
  member.setIdentity(peer.identity);
  member.setMembershipInfo(envelope(aliveMessage(peer, clock), peer));
  return member;
}

/** A peer with its state in the channel. */
export async function channelMember(
  peer: Neighbour,
  options: MembershipOptions,
): Promise<discovery.Peer> {
  const { channel, clock } = options;
  const member = localMember(peer, options);
  const state = stateMessage(peer, await peer.chaincodes(), channel, clock);
  member.setStateInfo(envelope(state, peer));
  return member;
}
