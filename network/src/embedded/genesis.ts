/** Block 0 of a channel: its configuration, as `peer channel fetch config` and Fabric's SDKs read it. */
import { createHash, randomBytes } from 'node:crypto';

import { common, msp } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';

import { newBlock, setBlockMetadata, signBlock } from './block.ts';
import { channelGroup, type ChannelDefinition } from './channel-config.ts';
import type { MspMember } from './msp.ts';
import type { Signer } from '../membership/signer.ts';

export type { AnchorPeer, BatchLimits, ChannelDefinition } from './channel-config.ts';

const NONCE_BYTES = 24;
const HEADER_VERSION = 1;

export interface GenesisOptions {
  /** Stands in the channel header. */
  readonly createdAt: Date;
  /** @default 24 random bytes */
  readonly nonce?: Uint8Array;
  /** Signs the block as its orderer. Fabric's own block 0 is unsigned. */
  readonly signer?: Signer;
}

function configHeader(channel: string, options: GenesisOptions): common.Header {
  const nonce = options.nonce ?? randomBytes(NONCE_BYTES);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setVersion(HEADER_VERSION);
  channelHeader.setChannelId(channel);
  channelHeader.setTimestamp(Timestamp.fromDate(options.createdAt));
  channelHeader.setTxId(createHash('sha256').update(nonce).digest('hex'));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  return header;
}

function lastConfigMetadata(): Uint8Array {
  const metadata = new common.Metadata();
  metadata.setValue(new common.LastConfig().serializeBinary());
  return metadata.serializeBinary();
}

/** @returns block 0, whose one envelope (unsigned, as in Fabric) holds the configuration tree. */
export function newGenesisBlock(
  definition: ChannelDefinition,
  options: GenesisOptions,
): common.Block {
  const config = new common.Config();
  config.setChannelGroup(channelGroup(definition));
  const data = new common.ConfigEnvelope();
  data.setConfig(config);
  const payload = new common.Payload();
  payload.setHeader(configHeader(definition.channel, options));
  payload.setData(data.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  const block = newBlock(0, new Uint8Array(), [envelope.serializeBinary()]);
  setBlockMetadata(block, common.BlockMetadataIndex.LAST_CONFIG, lastConfigMetadata());
  signBlock(block, 0, options.signer);
  return block;
}

/**
 * Reads the configuration out of a configuration block.
 *
 * @throws {TypeError} when the block holds no configuration.
 */
export function configOf(block: common.Block): common.Config {
  const [bytes = new Uint8Array()] = block.getData()?.getDataList_asU8() ?? [];
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
  if (!config?.getChannelGroup()) {
    throw new TypeError('"block" expected a configuration block, got one without a channel group');
  }
  return config;
}

/** Lists the organisations of a configuration with their CAs: what {@link MspRegistry} is made of. */
export function membersOf(config: common.Config): readonly MspMember[] {
  const groups = [...(config.getChannelGroup()?.getGroupsMap().entries() ?? [])];
  const organisations = groups.flatMap(([, group]) => [...group.getGroupsMap().entries()]);
  return organisations.map(([, organisation]) => {
    const value = organisation.getValuesMap().get('MSP')?.getValue_asU8() ?? new Uint8Array();
    const fabric = msp.FabricMSPConfig.deserializeBinary(
      msp.MSPConfig.deserializeBinary(value).getConfig_asU8(),
    );
    return {
      mspId: fabric.getName(),
      rootCertificates: fabric
        .getRootCertsList_asU8()
        .map((certificate) => Buffer.from(certificate).toString('utf8')),
    };
  });
}
