/** One hash over the whole state of a height: equal on every peer that has committed the same blocks. */
import { createHash } from 'node:crypto';

import { encodeEntry, encodeNumber, stateKey } from './level-records.ts';
import type { StateView } from './state.ts';

export interface StateHash {
  /** Number of blocks applied. */
  readonly height: number;
  /** SHA-256, hex, over every key with value, metadata and version, in order. */
  readonly hash: string;
}

/** Walks the whole state; takes as long as there is state. */
export async function stateHashOf(view: StateView): Promise<StateHash> {
  const hash = createHash('sha256');
  for await (const { namespace, key, ...entry } of view.entries()) {
    for (const part of [stateKey(namespace, key), encodeEntry(entry)]) {
      hash.update(encodeNumber(part.length)).update(part);
    }
  }
  return { height: view.height, hash: hash.digest('hex') };
}
