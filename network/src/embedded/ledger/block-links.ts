/**
 * Checks at start that the blocks of a file make one chain, by their headers alone. Their content is covered by the checksum of
 * each record; its hash is checked when a block is replayed.
 */
import { common } from '@hyperledger/fabric-protos';

import { blockHeaderHash } from '../block.ts';
import { EmbeddedError } from '../errors.ts';

/** Tag of Block.header, which is written first. */
const HEADER_TAG = 0x0a;

export interface BlockFileFacts {
  readonly path: string;
  /** What a person should do about a damaged file. */
  readonly remedy: string;
}

export class BlockLinks {
  readonly #facts: BlockFileFacts;
  #hash: Uint8Array = new Uint8Array();

  constructor(facts: BlockFileFacts) {
    this.#facts = facts;
  }

  /**
   * To be called with every block, in order.
   *
   * @param bytes - serialised common.Block; only looked at during the call.
   * @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED
   */
  follow(bytes: Uint8Array, number: number): void {
    const header = headerIn(bytes);
    const previousHash = header?.getPreviousHash_asU8() ?? new Uint8Array();
    if (header?.getNumber() !== number || Buffer.compare(previousHash, this.#hash) !== 0) {
      throw outOfPlace(number, this.#facts);
    }
    this.#hash = blockHeaderHash({
      number,
      previousHash,
      dataHash: header.getDataHash_asU8(),
    });
  }
}

/** The error for a block whose record is whole and whose content does not fit. */
export function outOfPlace(
  number: number,
  { path, remedy }: BlockFileFacts,
  cause?: unknown,
): EmbeddedError {
  return new EmbeddedError(
    'BLOCK_FILE_DAMAGED',
    `block ${number} in ${path} does not fit the block before it; ${remedy}`,
    { cause },
  );
}

/** The error for a block whose verdict is not the one that it was committed with, or not by a peer of this version. */
export function otherCommitHash(number: number, { path, remedy }: BlockFileFacts): EmbeddedError {
  return new EmbeddedError(
    'BLOCK_FILE_DAMAGED',
    `block ${number} in ${path} has a commit hash that its verdict and its writes do not give; ${remedy}`,
  );
}

/** Reads the header without the rest of the block. */
function headerIn(bytes: Uint8Array): common.BlockHeader | undefined {
  const length = bytes[1] ?? 0;
  // A header holds two hashes and a number: its length always fits one octet.
  if (bytes[0] !== HEADER_TAG || length > 127) {
    return undefined;
  }
  try {
    return common.BlockHeader.deserializeBinary(bytes.slice(2, 2 + length));
  } catch {
    // The caller says which block it is.
    return undefined;
  }
}
