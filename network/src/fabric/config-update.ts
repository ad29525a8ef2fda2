/**
 * A change of who may replace a channel's chaincodes (policy LifecycleEndorsement), as an ordinary configuration update: what it rests
 * on, the versions of it all (read set), and what is to stand there (write set). Pure; `configtxlator compute_update` comes to the same.
 */
import { common } from '@hyperledger/fabric-protos';

import { messageOf } from '../errors.ts';
import { FabricError } from './errors.ts';

const APPLICATION = 'Application';
const LIFECYCLE_POLICY = 'LifecycleEndorsement';

export interface ChannelConfig {
  readonly channel: string;
  readonly config: common.Config;
}

/**
 * @param bytes - serialised common.Block, as `peer channel fetch config` writes it
 * @throws {@link FabricError} ANSWER_MALFORMED
 */
export function readConfigBlock(bytes: Uint8Array): ChannelConfig {
  try {
    const [data = new Uint8Array()] =
      common.Block.deserializeBinary(bytes).getData()?.getDataList_asU8() ?? [];
    const envelope = common.Envelope.deserializeBinary(data);
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = common.ChannelHeader.deserializeBinary(
      payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
    );
    const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
    if (config?.getChannelGroup()?.getGroupsMap().has(APPLICATION) === true) {
      return { channel: header.getChannelId(), config };
    }
  } catch (cause) {
    throw malformed(messageOf(cause), cause);
  }
  throw malformed('a block without it');
}

function malformed(got: string, cause?: unknown): FabricError {
  const message = `expected a configuration block with the group ${APPLICATION}, got ${got}`;
  return new FabricError('ANSWER_MALFORMED', message, { cause });
}

function applicationOf({ config }: ChannelConfig): common.ConfigGroup {
  const application = config.getChannelGroup()?.getGroupsMap().get(APPLICATION);
  if (application) return application;
  throw malformed('one without it');
}

/** MSP ids, or whatever else the channel calls its organisations, of those with peers. */
export function organisationsOf(config: ChannelConfig): readonly string[] {
  return [...applicationOf(config).getGroupsMap().keys()];
}

/** @returns who may replace chaincodes; undefined where that is no signature policy, such as a majority */
export function lifecyclePolicyOf(
  config: ChannelConfig,
): common.SignaturePolicyEnvelope | undefined {
  const policy = applicationOf(config).getPoliciesMap().get(LIFECYCLE_POLICY)?.getPolicy();
  return policy?.getType() === common.Policy.PolicyType.SIGNATURE
    ? common.SignaturePolicyEnvelope.deserializeBinary(policy.getValue_asU8())
    : undefined;
}

function groupAt(
  group: common.ConfigGroup | undefined,
  content: { groups?: [string, common.ConfigGroup]; policies?: [string, common.ConfigPolicy] },
): common.ConfigGroup {
  const result = new common.ConfigGroup();
  result.setVersion(group?.getVersion() ?? 0);
  if (content.groups) result.getGroupsMap().set(...content.groups);
  if (content.policies) result.getPoliciesMap().set(...content.policies);
  return result;
}

/**
 * Puts another policy in the place of the channel's LifecycleEndorsement; all else stays as it is.
 *
 * @throws {@link FabricError} NOT_FOUND when the channel has none
 */
export function lifecyclePolicyUpdate(
  current: ChannelConfig,
  policy: common.SignaturePolicyEnvelope,
): common.ConfigUpdate {
  const application = applicationOf(current);
  const old = application.getPoliciesMap().get(LIFECYCLE_POLICY);
  if (!old) {
    throw new FabricError(
      'NOT_FOUND',
      `expected ${current.channel} to have a policy ${LIFECYCLE_POLICY}, got a channel without`,
    );
  }
  const channel = current.config.getChannelGroup();
  const next = new common.Policy();
  next.setType(common.Policy.PolicyType.SIGNATURE);
  next.setValue(policy.serializeBinary());
  const entry = new common.ConfigPolicy();
  entry.setVersion(old.getVersion() + 1);
  entry.setModPolicy(old.getModPolicy());
  entry.setPolicy(next);
  const changed = groupAt(application, { policies: [LIFECYCLE_POLICY, entry] });
  const update = new common.ConfigUpdate();
  update.setChannelId(current.channel);
  update.setReadSet(groupAt(channel, { groups: [APPLICATION, groupAt(application, {})] }));
  update.setWriteSet(groupAt(channel, { groups: [APPLICATION, changed] }));
  return update;
}

/** Unsigned, as `peer channel signconfigtx` and `peer channel update` take it in a file. */
export function updateEnvelope(update: common.ConfigUpdate): Uint8Array {
  const content = new common.ConfigUpdateEnvelope();
  content.setConfigUpdate(update.serializeBinary());
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG_UPDATE);
  channelHeader.setChannelId(update.getChannelId());
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(content.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}
