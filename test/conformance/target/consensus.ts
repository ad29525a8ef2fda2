/** How a network's orderers agree, and which of them leads: by its configuration and its newest block. */
import { common, orderer } from '@hyperledger/fabric-protos';

import type { RawClient } from '../../network/embedded/raw-client.ts';

const DELIVER = '/protos.Deliver/Deliver';
/** Fabric's name of SmartBFT. */
export const BFT = 'BFT';

async function readOrdererValues(
  client: RawClient,
  channel: string,
): Promise<(name: string) => Uint8Array> {
  const { responses } = await client.endorse(
    { channel: '', chaincode: 'cscc', type: 1, args: ['GetChannelConfig', channel] },
    [client.peers[0]!],
  );
  const bytes = responses[0]!.getResponse()!.getPayload_asU8();
  const group = common.Config.deserializeBinary(bytes).getChannelGroup()!;
  const values = group.getGroupsMap().get('Orderer')!.getValuesMap();
  return (name) => values.get(name)!.getValue_asU8();
}

export async function readConsensus(client: RawClient, channel: string): Promise<string> {
  const valueOf = await readOrdererValues(client, channel);
  return orderer.ConsensusType.deserializeBinary(valueOf('ConsensusType')).getType();
}

/** Of smartbftprotos.ViewMetadata, field 1. */
function viewOf(metadata: Uint8Array): number {
  if (metadata[0] !== 0x08) return 0;
  const end = metadata.findIndex((byte, index) => index > 0 && byte < 0x80);
  return metadata.subarray(1, end + 1).reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0);
}

/**
 * The leader of BFT orderers when the newest block was cut, where leadership does not rotate (Fabric's default).
 *
 * @returns `host:port`.
 */
export async function readLeader(client: RawClient, channel: string): Promise<string> {
  const valueOf = await readOrdererValues(client, channel);
  const consenters = common.Orderers.deserializeBinary(valueOf('Orderers'))
    .getConsenterMappingList()
    .sort((left, right) => left.getId() - right.getId());
  const [answer] = await client.seek({ channel, start: 'newest', stop: 'newest' }, DELIVER);
  const slots = answer!.getBlock()!.getMetadata()!.getMetadataList_asU8();
  const signatures = common.Metadata.deserializeBinary(
    slots[common.BlockMetadataIndex.SIGNATURES]!,
  );
  const metadata = common.OrdererBlockMetadata.deserializeBinary(signatures.getValue_asU8());
  const view = viewOf(metadata.getConsenterMetadata_asU8());
  const leader = consenters[view % consenters.length]!;
  return `${leader.getHost()}:${leader.getPort()}`;
}
