import { createHash } from 'node:crypto';

import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';

import { dataHash, headerOf } from '../../../network/src/embedded/block.ts';
import {
  configOf,
  membersOf,
  newGenesisBlock,
  type ChannelDefinition,
} from '../../../network/src/embedded/genesis.ts';
import { MspRegistry } from '../../../network/src/embedded/msp.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { enrol, newAuthority, NOW } from '../membership/certificates.ts';
import { newDefinition } from './channels.ts';

const NONCE = new Uint8Array(24).fill(7);

function valueOf(group: common.ConfigGroup | undefined, name: string): Uint8Array {
  const value = group?.getValuesMap().get(name)?.getValue_asU8();
  if (!value) {
    throw new Error(`no value ${name}`);
  }
  return value;
}

describe('newGenesisBlock', () => {
  let definition: ChannelDefinition;
  let block: common.Block;
  let root: common.ConfigGroup;

  const group = (...path: readonly string[]): common.ConfigGroup | undefined =>
    path.reduce<common.ConfigGroup | undefined>(
      (parent, name) => parent?.getGroupsMap().get(name),
      root,
    );
  const capability = (bytes: Uint8Array): string[] => [
    ...common.Capabilities.deserializeBinary(bytes).getCapabilitiesMap().keys(),
  ];

  beforeAll(async () => {
    definition = await newDefinition();
    const bytes = newGenesisBlock(definition, { createdAt: NOW, nonce: NONCE }).serializeBinary();
    block = common.Block.deserializeBinary(bytes);
    root = configOf(block).getChannelGroup()!;
  });

  it('is the same bytes for the same definition, whatever the order of its parts', () => {
    const again = newGenesisBlock(
      { ...definition, organisations: [...definition.organisations].reverse() },
      { createdAt: NOW, nonce: NONCE },
    );
    expect(Buffer.from(again.serializeBinary())).toEqual(Buffer.from(block.serializeBinary()));
  });

  it('differs by its nonce when none is given', () => {
    const [first, second] = [1, 2].map(() => newGenesisBlock(definition, { createdAt: NOW }));
    expect(headerOf(first!).dataHash).not.toEqual(headerOf(second!).dataHash);
  });

  it('is block 0, with nothing before it', () => {
    const header = headerOf(block);
    expect(header.number).toBe(0);
    expect(header.previousHash).toHaveLength(0);
    const envelopes = block.getData()!.getDataList_asU8();
    expect(Buffer.from(header.dataHash)).toEqual(Buffer.from(dataHash(envelopes)));
  });

  it('names itself as the newest configuration', () => {
    const [slot] = block.getMetadata()!.getMetadataList_asU8();
    const metadata = common.Metadata.deserializeBinary(slot!);
    const value = common.OrdererBlockMetadata.deserializeBinary(metadata.getValue_asU8());
    expect(value.getLastConfig()?.getIndex()).toBe(0);
    expect(metadata.getSignaturesList()).toHaveLength(0);
  });

  it('is signed when there is a signer', async () => {
    const signer = newSigner(await enrol(await newAuthority(), 'orderer'));
    const signed = newGenesisBlock(definition, { createdAt: NOW, signer });
    const [slot] = signed.getMetadata()!.getMetadataList_asU8();
    expect(common.Metadata.deserializeBinary(slot!).getSignaturesList()).toHaveLength(1);
  });

  it('has the header of a configuration transaction', () => {
    const [bytes] = block.getData()!.getDataList_asU8();
    const envelope = common.Envelope.deserializeBinary(bytes!);
    const header = common.Payload.deserializeBinary(envelope.getPayload_asU8()).getHeader()!;
    const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
    expect(channel.getType()).toBe(common.HeaderType.CONFIG);
    expect(channel.getVersion()).toBe(1);
    expect(channel.getChannelId()).toBe('city');
    expect(channel.getTimestamp()?.toDate()).toEqual(NOW);
    expect(channel.getTxId()).toBe(createHash('sha256').update(NONCE).digest('hex'));
    const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
    expect(signature.getCreator_asU8()).toHaveLength(0);
    expect(Buffer.from(signature.getNonce_asU8())).toEqual(Buffer.from(NONCE));
  });

  it('says how blocks are hashed and which capabilities are asked for', () => {
    const hashing = common.HashingAlgorithm.deserializeBinary(valueOf(root, 'HashingAlgorithm'));
    const structure = common.BlockDataHashingStructure.deserializeBinary(
      valueOf(root, 'BlockDataHashingStructure'),
    );
    expect(hashing.getName()).toBe('SHA256');
    expect(structure.getWidth()).toBe(4_294_967_295);
    expect(capability(valueOf(root, 'Capabilities'))).toEqual(['V2_0']);
    expect(capability(valueOf(group('Orderer'), 'Capabilities'))).toEqual(['V2_0']);
    expect(capability(valueOf(group('Application'), 'Capabilities'))).toEqual(['V2_5']);
  });

  it('says how the orderer cuts blocks and where it listens', () => {
    const ordering = group('Orderer');
    const size = orderer.BatchSize.deserializeBinary(valueOf(ordering, 'BatchSize'));
    expect(size.toObject()).toEqual({
      maxMessageCount: 500,
      absoluteMaxBytes: 10_485_760,
      preferredMaxBytes: 2_097_152,
    });
    const timeout = orderer.BatchTimeout.deserializeBinary(valueOf(ordering, 'BatchTimeout'));
    expect(timeout.getTimeout()).toBe('100ms');
    const type = orderer.ConsensusType.deserializeBinary(valueOf(ordering, 'ConsensusType'));
    expect(type.getType()).toBe('solo');
    const endpoints = valueOf(group('Orderer', 'OrdererMSP'), 'Endpoints');
    expect(common.OrdererAddresses.deserializeBinary(endpoints).getAddressesList()).toEqual([
      '127.0.0.1:7050',
    ]);
  });

  it('holds the MSP of each organisation with all four NodeOUs', () => {
    const roots = definition.organisations[1]!.roots;
    const value = valueOf(group('Application', 'HeliosMSP'), 'MSP');
    const config = msp.MSPConfig.deserializeBinary(value);
    expect(config.getType()).toBe(0);
    const fabric = msp.FabricMSPConfig.deserializeBinary(config.getConfig_asU8());
    const text = (certificate: Uint8Array): string => Buffer.from(certificate).toString();
    expect(fabric.getName()).toBe('HeliosMSP');
    expect(fabric.getRootCertsList_asU8().map(text)).toEqual([roots.rootCertificate]);
    expect(fabric.getTlsRootCertsList_asU8().map(text)).toEqual([roots.tlsRootCertificate]);
    const units = fabric.getFabricNodeOus()!;
    expect(units.getEnable()).toBe(true);
    const identifiers = [
      units.getClientOuIdentifier(),
      units.getPeerOuIdentifier(),
      units.getAdminOuIdentifier(),
      units.getOrdererOuIdentifier(),
    ];
    expect(identifiers.map((unit) => unit?.getOrganizationalUnitIdentifier())).toEqual([
      'client',
      'peer',
      'admin',
      'orderer',
    ]);
    expect(identifiers.map((unit) => text(unit!.getCertificate_asU8()))).toEqual(
      Array.from({ length: 4 }, () => roots.rootCertificate),
    );
  });

  it('names anchor peers', () => {
    const value = valueOf(group('Application', 'MeridianMSP'), 'AnchorPeers');
    expect(peer.AnchorPeers.deserializeBinary(value).toObject().anchorPeersList).toEqual([
      { host: '127.0.0.1', port: 7053 },
    ]);
  });

  it('may be changed by administrators only', () => {
    const groups = [root, group('Application'), group('Orderer'), group('Orderer', 'OrdererMSP')];
    for (const each of groups) {
      const items = [...each!.getValuesMap().entries(), ...each!.getPoliciesMap().entries()];
      const policies = [each!, ...items.map(([, item]) => item)].map((item) => item.getModPolicy());
      expect(new Set(policies)).toEqual(new Set(['Admins']));
    }
  });

  it('tells a registry who belongs to the channel', () => {
    const members = membersOf(configOf(block));
    expect(members.map(({ mspId }) => mspId).sort()).toEqual([
      'HeliosMSP',
      'MeridianMSP',
      'NorthlightMSP',
      'OrdererMSP',
    ]);
    expect(new MspRegistry(members).mspIds).toHaveLength(4);
  });

  it('cannot be read from another block', () => {
    const other = new common.Block();
    expect(() => configOf(other)).toThrow(
      new TypeError('"block" expected a configuration block, got one without a channel group'),
    );
  });
});
