/** Reproducible randomness: a counter stretched by SHA-256. */
import { createHash } from 'node:crypto';
import type { RandomSource } from '../../../../network/src/management/random.ts';

export function fakeRandom(seed = 'random'): RandomSource {
  let counter = 0;
  return {
    bytes: (length) => {
      const blocks: Buffer[] = [];
      for (let have = 0; have < length; have += 32) {
        counter += 1;
        blocks.push(
          createHash('sha256')
            .update(`${seed} ${String(counter)}`)
            .digest(),
        );
      }
      return new Uint8Array(Buffer.concat(blocks)).slice(0, length);
    },
  };
}
