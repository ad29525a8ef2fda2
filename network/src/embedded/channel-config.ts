/**
 * The configuration tree of a channel (common/configtx.proto), as configtxgen would make it for one orderer and several
 * organisations with peers. Maps are filled in sorted order: their entries are serialised in the order of insertion.
 */
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import type { Message } from 'google-protobuf';

import { mspConfig } from './config-msp.ts';
import {
  applicationPolicies,
  groupPolicies,
  memberPolicies,
  ordererMemberPolicies,
  ordererPolicies,
  type PolicySet,
} from './config-policies.ts';
import type { MspRoots } from '../membership/msp-folder.ts';

const ADMINS = 'Admins';
/** One hash over the whole block data: no Merkle tree. */
const FLAT_DATA_HASH = 0xffff_ffff;

/** When the orderer cuts a block. */
export interface BatchLimits {
  readonly maxMessageCount: number;
  readonly absoluteMaxBytes: number;
  readonly preferredMaxBytes: number;
  readonly timeoutMs: number;
}

/** Host and port of a peer that others may contact first. */
export interface AnchorPeer {
  readonly host: string;
  readonly port: number;
}

/** What a channel consists of. */
export interface ChannelDefinition {
  /** Such as `city`. */
  readonly channel: string;
  readonly organisations: readonly {
    readonly mspId: string;
    readonly roots: MspRoots;
    readonly anchorPeers: readonly AnchorPeer[];
  }[];
  readonly orderer: {
    readonly mspId: string;
    readonly roots: MspRoots;
    /** `host:port`, where the stock tools broadcast to. */
    readonly endpoints: readonly string[];
  };
  readonly batch: BatchLimits;
}

interface GroupContent {
  readonly groups?: Readonly<Record<string, common.ConfigGroup>>;
  readonly values: Readonly<Record<string, Message>>;
  readonly policies: PolicySet;
}

function sorted<Value>(
  record: Readonly<Record<string, Value>>,
): readonly (readonly [string, Value])[] {
  return Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1));
}

function configGroup({ groups = {}, values, policies }: GroupContent): common.ConfigGroup {
  const group = new common.ConfigGroup();
  group.setModPolicy(ADMINS);
  for (const [name, child] of sorted(groups)) {
    group.getGroupsMap().set(name, child);
  }
  for (const [name, message] of sorted(values)) {
    const value = new common.ConfigValue();
    value.setValue(message.serializeBinary());
    value.setModPolicy(ADMINS);
    group.getValuesMap().set(name, value);
  }
  for (const [name, policy] of sorted(policies)) {
    const configPolicy = new common.ConfigPolicy();
    configPolicy.setPolicy(policy);
    configPolicy.setModPolicy(ADMINS);
    group.getPoliciesMap().set(name, configPolicy);
  }
  return group;
}

function capabilities(name: string): common.Capabilities {
  const message = new common.Capabilities();
  message.getCapabilitiesMap().set(name, new common.Capability());
  return message;
}

function anchorPeers(anchors: readonly AnchorPeer[]): peer.AnchorPeers {
  const message = new peer.AnchorPeers();
  message.setAnchorPeersList(
    anchors.map(({ host, port }) => {
      const anchor = new peer.AnchorPeer();
      anchor.setHost(host);
      anchor.setPort(port);
      return anchor;
    }),
  );
  return message;
}

function applicationGroup({ organisations }: ChannelDefinition): common.ConfigGroup {
  const members = organisations.map((organisation): [string, common.ConfigGroup] => [
    organisation.mspId,
    configGroup({
      values: {
        MSP: mspConfig(organisation.mspId, organisation.roots),
        AnchorPeers: anchorPeers(organisation.anchorPeers),
      },
      policies: memberPolicies(organisation.mspId),
    }),
  ]);
  return configGroup({
    groups: Object.fromEntries(members),
    values: { Capabilities: capabilities('V2_5') },
    policies: applicationPolicies(),
  });
}

function batchSize(batch: BatchLimits): orderer.BatchSize {
  const message = new orderer.BatchSize();
  message.setMaxMessageCount(batch.maxMessageCount);
  message.setAbsoluteMaxBytes(batch.absoluteMaxBytes);
  message.setPreferredMaxBytes(batch.preferredMaxBytes);
  return message;
}

function batchTimeout({ timeoutMs }: BatchLimits): orderer.BatchTimeout {
  const message = new orderer.BatchTimeout();
  message.setTimeout(`${timeoutMs}ms`);
  return message;
}

/** `solo` is Fabric's own old name for what this is: one orderer, no consensus. Claiming raft or BFT would be a lie. */
function consensusType(): orderer.ConsensusType {
  const message = new orderer.ConsensusType();
  message.setType('solo');
  return message;
}

function endpoints(addresses: readonly string[]): common.OrdererAddresses {
  const message = new common.OrdererAddresses();
  message.setAddressesList([...addresses]);
  return message;
}

function ordererGroup({ orderer: ordering, batch }: ChannelDefinition): common.ConfigGroup {
  return configGroup({
    groups: {
      [ordering.mspId]: configGroup({
        values: {
          MSP: mspConfig(ordering.mspId, ordering.roots),
          Endpoints: endpoints(ordering.endpoints),
        },
        policies: ordererMemberPolicies(ordering.mspId),
      }),
    },
    values: {
      BatchSize: batchSize(batch),
      BatchTimeout: batchTimeout(batch),
      Capabilities: capabilities('V2_0'),
      ChannelRestrictions: new orderer.ChannelRestrictions(),
      ConsensusType: consensusType(),
    },
    policies: ordererPolicies(),
  });
}

function hashingAlgorithm(): common.HashingAlgorithm {
  const message = new common.HashingAlgorithm();
  message.setName('SHA256');
  return message;
}

function dataHashing(): common.BlockDataHashingStructure {
  const message = new common.BlockDataHashingStructure();
  message.setWidth(FLAT_DATA_HASH);
  return message;
}

/**
 * Builds the root of the configuration tree. The same definition gives the same bytes.
 *
 * The channel asks for V2_0, not V3_0: V3_0 adds BFT consenters, which this network does not have, and a 2.5 client would
 * refuse it.
 */
export function channelGroup(definition: ChannelDefinition): common.ConfigGroup {
  return configGroup({
    groups: {
      Application: applicationGroup(definition),
      Orderer: ordererGroup(definition),
    },
    values: {
      BlockDataHashingStructure: dataHashing(),
      Capabilities: capabilities('V2_0'),
      HashingAlgorithm: hashingAlgorithm(),
    },
    policies: groupPolicies(),
  });
}
