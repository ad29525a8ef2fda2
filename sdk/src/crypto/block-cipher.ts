/** What the block ciphers of the catalogue have in common: argument checks, and blocks taken by themselves or in a row. */
import { abytes } from '@noble/ciphers/utils.js';
import type { BlockCipher, BlockCipherAlgorithm } from './primitives.ts';

/** A cipher's rounds under one key, on bytes that somebody else has checked. */
export interface BlockRounds {
  /** In place, the block that begins at `at`. */
  readonly encryptAt: (bytes: Uint8Array, at: number) => void;
  /** In place, the block that begins at `at`. */
  readonly decryptAt: (bytes: Uint8Array, at: number) => void;
  /** In place, every block; where several at once are faster than one after another. */
  readonly encryptAll?: (blocks: Uint8Array) => void;
  /** See {@link BlockCipher.encryptCounter}. */
  readonly encryptCounter?: (counter: Uint8Array, text: Uint8Array, result: Uint8Array) => void;
}

function checkBlocks(blocks: Uint8Array, blockBytes: number): void {
  abytes(blocks, undefined, 'blocks');
  if (blocks.length % blockBytes !== 0) {
    throw new RangeError(
      `"blocks" expected whole blocks of ${blockBytes} bytes, got length=${blocks.length}`,
    );
  }
}

function keyed(blockBytes: number, rounds: BlockRounds): BlockCipher {
  const { encryptAll, encryptCounter } = rounds;
  const one = (block: Uint8Array, turn: (bytes: Uint8Array, at: number) => void): Uint8Array => {
    // Not slice(): a Buffer's shares memory.
    const result = Uint8Array.from(abytes(block, blockBytes, 'block'));
    turn(result, 0);
    return result;
  };
  return {
    blockBytes,
    encrypt: (block) => one(block, rounds.encryptAt),
    decrypt: (block) => one(block, rounds.decryptAt),
    encryptBlocks(blocks) {
      checkBlocks(blocks, blockBytes);
      if (encryptAll !== undefined) encryptAll(blocks);
      else for (let at = 0; at < blocks.length; at += blockBytes) rounds.encryptAt(blocks, at);
    },
    ...(encryptCounter === undefined ? {} : { encryptCounter }),
  };
}

/**
 * An algorithm of the catalogue from its key schedule.
 *
 * @param schedule - from a key of the right length to the rounds under it
 */
export function blockCipher(
  keyBytes: number,
  blockBytes: number,
  schedule: (key: Uint8Array) => BlockRounds,
): BlockCipherAlgorithm {
  const algorithm = (key: Uint8Array): BlockCipher =>
    keyed(blockBytes, schedule(abytes(key, keyBytes, 'key')));
  return Object.assign(algorithm, { keyBytes, blockBytes });
}
