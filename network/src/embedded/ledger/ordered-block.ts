/**
 * A block as the orderer made it, shared by all nodes of the process: its bytes exist once, it is taken apart once. What differs
 * from node to node is metadata (validation flags, commit hash), which is put behind the shared bytes.
 */
import { common } from '@hyperledger/fabric-protos';

import { blockHeaderHash, dataHash, METADATA_SLOTS, type BlockHeader } from '../block.ts';
import { EmbeddedError } from '../errors.ts';
import { lengthDelimited } from '../wire/fields.ts';
import { decode, required } from '../wire/messages.ts';
import { readTransaction, type Transaction } from './transaction.ts';

const { SIGNATURES, TRANSACTIONS_FILTER, COMMIT_HASH } = common.BlockMetadataIndex;
/** Field number of Block.metadata. */
const METADATA_FIELD = 3;

export class OrderedBlock {
  readonly header: BlockHeader;
  /** Header hash: the next block's previous hash. */
  readonly hash: Uint8Array;
  readonly envelopes: readonly Uint8Array[];
  /** Metadata slot 0: the orderer's signature and the number of the last configuration block. */
  readonly signatures: Uint8Array;
  readonly #block: common.Block;
  #body: Uint8Array | undefined;
  #transactions: readonly Transaction[] | undefined;
  #hasTrueDataHash: boolean | undefined;

  /** @param block - signed by the orderer; its other metadata is ignored. */
  constructor(block: common.Block) {
    const header = required(block.getHeader(), 'a block header');
    this.header = {
      number: header.getNumber(),
      previousHash: header.getPreviousHash_asU8(),
      dataHash: header.getDataHash_asU8(),
    };
    this.hash = blockHeaderHash(this.header);
    this.envelopes = block.getData()?.getDataList_asU8() ?? [];
    this.signatures = block.getMetadata()?.getMetadataList_asU8()[SIGNATURES] ?? new Uint8Array();
    this.#block = block;
  }

  get number(): number {
    return this.header.number;
  }

  /** The envelopes taken apart, in block order. */
  get transactions(): readonly Transaction[] {
    this.#transactions ??= this.envelopes.map(readTransaction);
    return this.#transactions;
  }

  /** @returns whether the data hash in the header is that of the envelopes. */
  hasTrueDataHash(): boolean {
    this.#hasTrueDataHash ??= Buffer.compare(dataHash(this.envelopes), this.header.dataHash) === 0;
    return this.#hasTrueDataHash;
  }

  /** @returns serialised common.Block with a node's own metadata. */
  serialise(verdict?: BlockVerdict): Uint8Array {
    const slots: Uint8Array[] = Array.from({ length: METADATA_SLOTS }, () => new Uint8Array());
    slots[SIGNATURES] = this.signatures;
    if (verdict) {
      slots[TRANSACTIONS_FILTER] = verdict.flags;
      const commitHash = new common.Metadata();
      commitHash.setValue(verdict.commitHash);
      slots[COMMIT_HASH] = commitHash.serializeBinary();
    }
    const metadata = new common.BlockMetadata();
    metadata.setMetadataList(slots);
    return Buffer.concat([
      this.#shared(),
      lengthDelimited(METADATA_FIELD, metadata.serializeBinary()),
    ]);
  }

  /** Serialised fields 1 and 2 of common.Block: the same for every node. */
  #shared(): Uint8Array {
    if (!this.#body) {
      const body = new common.Block();
      body.setHeader(this.#block.getHeader());
      body.setData(this.#block.getData());
      this.#body = body.serializeBinary();
    }
    return this.#body;
  }
}

/**
 * @param previousHash - empty for block 0.
 * @throws {@link EmbeddedError} BLOCK_OUT_OF_CHAIN unless number, previous hash and data hash are as they must be.
 */
export function assertFollows(block: OrderedBlock, number: number, previousHash: Uint8Array): void {
  const chained =
    block.number === number && Buffer.compare(block.header.previousHash, previousHash) === 0;
  if (!chained || !block.hasTrueDataHash()) {
    throw new EmbeddedError(
      'BLOCK_OUT_OF_CHAIN',
      `expected block ${number} to follow the block before it, got block ${block.number} of another chain or with other data`,
    );
  }
}

/** What a peer adds to a block. */
export interface BlockVerdict {
  /** One validation code a transaction. */
  readonly flags: Uint8Array;
  /** Chains the flags of all blocks so far. */
  readonly commitHash: Uint8Array;
}

export interface StoredBlock {
  readonly block: OrderedBlock;
  readonly verdict: BlockVerdict;
}

/** Reads a block back from a file. @throws EmbeddedError MESSAGE_MALFORMED */
export function readStoredBlock(bytes: Uint8Array): StoredBlock {
  const block = decode(common.Block, bytes, 'Block');
  const slots = block.getMetadata()?.getMetadataList_asU8() ?? [];
  const commitHash = decode(common.Metadata, slots[COMMIT_HASH] ?? new Uint8Array(), 'Metadata');
  return {
    block: new OrderedBlock(block),
    verdict: {
      flags: slots[TRANSACTIONS_FILTER] ?? new Uint8Array(),
      commitHash: commitHash.getValue_asU8(),
    },
  };
}
