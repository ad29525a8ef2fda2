import { verify, X509Certificate } from 'node:crypto';

import { common } from '@hyperledger/fabric-protos';

import {
  blockHeaderHash,
  dataHash,
  encodeBlockHeader,
  headerOf,
  METADATA_SLOTS,
  newBlock,
  setBlockMetadata,
  setCommitHash,
  signBlock,
} from '../../../network/src/embedded/block.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { enrol, newAuthority } from '../membership/certificates.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');
const EMPTY = new Uint8Array();

describe('block header', () => {
  it('hashes as Fabric 3.1.5 does (protoutil.BlockHeaderHash)', () => {
    const header = {
      number: 0,
      previousHash: EMPTY,
      dataHash: bytes('abf3a27261e02f4a9e7b4330aa218b8b9ad7ccc1773928bbf325f407c4ed4dca'),
    };
    expect(hex(blockHeaderHash(header))).toBe(
      'f731e0c97a851b207cc1d88c7094fe5c5ad2a0713a79dd26a3bf0a1b62f46832',
    );
  });

  it.each([
    [0, '300702010004000400'],
    [127, '300702017f04000400'],
    [128, '30080202008004000400'],
    [2 ** 53 - 1, '300d02071fffffffffffff04000400'],
  ])('encodes block number %d', (number, encoding) => {
    expect(hex(encodeBlockHeader({ number, previousHash: EMPTY, dataHash: EMPTY }))).toBe(encoding);
  });

  it.each([-1, 1.5, 2 ** 53])('refuses block number %d', (number) => {
    expect(() => encodeBlockHeader({ number, previousHash: EMPTY, dataHash: EMPTY })).toThrow(
      new RangeError(`"number" expected a block number, got ${number}`),
    );
  });
});

describe('newBlock', () => {
  const envelopes = [bytes('01'), bytes('0203')];

  it('hashes the envelopes one after the other', () => {
    // SHA-256 of 010203.
    expect(hex(dataHash(envelopes))).toBe(
      '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81',
    );
  });

  it('holds header, envelopes and five empty metadata slots', () => {
    const block = common.Block.deserializeBinary(
      newBlock(7, bytes('aa'), envelopes).serializeBinary(),
    );
    const header = headerOf(block);
    expect(header.number).toBe(7);
    expect(hex(header.previousHash)).toBe('aa');
    expect(hex(header.dataHash)).toBe(hex(dataHash(envelopes)));
    expect(block.getData()?.getDataList_asU8().map(hex)).toEqual(['01', '0203']);
    const metadata = block.getMetadata()?.getMetadataList_asU8();
    expect(metadata?.map(hex)).toEqual(Array.from({ length: METADATA_SLOTS }, () => ''));
  });
});

describe('block metadata', () => {
  it('writes one slot and leaves the others', () => {
    const block = newBlock(1, EMPTY, []);
    setBlockMetadata(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER, bytes('0b'));
    setCommitHash(block, bytes('cc'));
    const slots = block.getMetadata()!.getMetadataList_asU8();
    expect(slots.map(hex).slice(0, 4)).toEqual(['', '', '0b', '']);
    expect(hex(common.Metadata.deserializeBinary(slots[4]!).getValue_asU8())).toBe('cc');
  });

  it('carries a signature over metadata, signature header and block header', async () => {
    const credentials = await enrol(await newAuthority(), 'orderer');
    const signer = newSigner(credentials);
    const block = newBlock(9, bytes('aa'), [bytes('01')]);
    signBlock(block, 3, signer);
    const [slot] = block.getMetadata()!.getMetadataList_asU8();
    const metadata = common.Metadata.deserializeBinary(slot!);
    const value = metadata.getValue_asU8();
    const lastConfig = common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig();
    expect(lastConfig?.getIndex()).toBe(3);
    const [signature] = metadata.getSignaturesList();
    const headerBytes = signature!.getSignatureHeader_asU8();
    const header = common.SignatureHeader.deserializeBinary(headerBytes);
    expect(hex(header.getCreator_asU8())).toBe(hex(signer.identity));
    const signed = Buffer.concat([value, headerBytes, encodeBlockHeader(headerOf(block))]);
    const key = new X509Certificate(credentials.certificate).publicKey;
    expect(verify('sha256', signed, key, signature!.getSignature_asU8())).toBe(true);
  });
});
