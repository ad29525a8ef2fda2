/**
 * Blocks as Fabric hashes, chains and signs them. A block's data hash covers the concatenated envelopes; its header hash is
 * SHA-256 of DER SEQUENCE{INTEGER number, OCTET STRING previous hash, OCTET STRING data hash} (Fabric's protoutil).
 */
import { createHash, randomBytes } from 'node:crypto';

import { common } from '@hyperledger/fabric-protos';

import { encodeInteger, encodeOctetString, encodeSequence } from '../membership/der.ts';
import type { Signer } from '../membership/signer.ts';

/** Slots of Block.metadata: signatures, last config, validation flags, orderer, commit hash. */
export const METADATA_SLOTS = 5;
const NONCE_BYTES = 24;

/** The three facts that a block's identity consists of. */
export interface BlockHeader {
  readonly number: number;
  /** Header hash of the block before; empty for block 0. */
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
}

/** @returns DER of the header: what is hashed to chain blocks, and signed by orderers. */
export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  if (!Number.isSafeInteger(header.number) || header.number < 0) {
    throw new RangeError(`"number" expected a block number, got ${header.number}`);
  }
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(header.number));
  return encodeSequence(
    encodeInteger(number),
    encodeOctetString(header.previousHash),
    encodeOctetString(header.dataHash),
  );
}

/** @returns 32 bytes: the next block's previous hash. */
export function blockHeaderHash(header: BlockHeader): Uint8Array {
  return createHash('sha256').update(encodeBlockHeader(header)).digest();
}

/** @param envelopes - serialised envelopes in block order. */
export function dataHash(envelopes: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const envelope of envelopes) {
    hash.update(envelope);
  }
  return hash.digest();
}

/** Reads the header of a decoded block. */
export function headerOf(block: common.Block): BlockHeader {
  const header = block.getHeader();
  return {
    number: header?.getNumber() ?? 0,
    previousHash: header?.getPreviousHash_asU8() ?? new Uint8Array(),
    dataHash: header?.getDataHash_asU8() ?? new Uint8Array(),
  };
}

/** @returns an unsigned block with all five metadata slots present and empty. */
export function newBlock(
  number: number,
  previousHash: Uint8Array,
  envelopes: readonly Uint8Array[],
): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(number);
  header.setPreviousHash(previousHash);
  header.setDataHash(dataHash(envelopes));
  const data = new common.BlockData();
  data.setDataList([...envelopes]);
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList(Array.from({ length: METADATA_SLOTS }, () => new Uint8Array()));
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block;
}

/** Writes one metadata slot (`common.BlockMetadataIndex`) of a block. */
export function setBlockMetadata(block: common.Block, slot: number, value: Uint8Array): void {
  const metadata = block.getMetadata() ?? new common.BlockMetadata();
  const slots = Array.from(
    { length: METADATA_SLOTS },
    (_, index) => metadata.getMetadataList_asU8()[index] ?? new Uint8Array(),
  );
  slots[slot] = value;
  metadata.setMetadataList(slots);
  block.setMetadata(metadata);
}

/** Writes the commit hash that chains the validation flags, as peers keep it. */
export function setCommitHash(block: common.Block, commitHash: Uint8Array): void {
  const metadata = new common.Metadata();
  metadata.setValue(commitHash);
  const slot = common.BlockMetadataIndex.COMMIT_HASH;
  setBlockMetadata(block, slot, metadata.serializeBinary());
}

function metadataSignature(
  signer: Signer,
  value: Uint8Array,
  header: BlockHeader,
): common.MetadataSignature {
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(signer.identity);
  signatureHeader.setNonce(randomBytes(NONCE_BYTES));
  const headerBytes = signatureHeader.serializeBinary();
  const signature = new common.MetadataSignature();
  signature.setSignatureHeader(headerBytes);
  signature.setSignature(
    signer.sign(Buffer.concat([value, headerBytes, encodeBlockHeader(header)])),
  );
  return signature;
}

/**
 * Signs as the orderer does: over OrdererBlockMetadata || signature header || DER of the block header. The metadata names
 * the newest configuration block, which is where `peer channel fetch config` looks for it.
 *
 * @param signer - none for a block 0 as configtxgen makes it.
 */
export function signBlock(block: common.Block, lastConfigNumber: number, signer?: Signer): void {
  const lastConfig = new common.LastConfig();
  lastConfig.setIndex(lastConfigNumber);
  const ordererMetadata = new common.OrdererBlockMetadata();
  ordererMetadata.setLastConfig(lastConfig);
  const value = ordererMetadata.serializeBinary();
  const metadata = new common.Metadata();
  metadata.setValue(value);
  metadata.setSignaturesList(signer ? [metadataSignature(signer, value, headerOf(block))] : []);
  setBlockMetadata(block, common.BlockMetadataIndex.SIGNATURES, metadata.serializeBinary());
}
