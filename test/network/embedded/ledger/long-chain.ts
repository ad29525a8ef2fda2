/** A program of its own: commits a long chain to a ledger and tells what its memory holds along the way. Needs `--expose-gc`. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import { LevelStore } from '../../../../network/src/embedded/ledger/level-store.ts';
import type { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';
import { nextBlock } from './blocks.ts';

/** Octets of one block, about. */
const BLOCK_BYTES = 16_384;

/** Octets that are in use after everything else was collected, which takes more than one round for what lies outside the heap. */
async function held(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function main(directory: string, ...heights: readonly number[]): Promise<void> {
  const store = await LevelStore.open(join(directory, 'state'));
  const ledger = await Ledger.open({ path: join(directory, 'blocks'), remedy: '', store });
  const found: number[] = [];
  let last: OrderedBlock | undefined;
  for (const height of heights) {
    while (ledger.height < height) {
      last = nextBlock(last, randomBytes(BLOCK_BYTES / 2).toString('hex'));
      await ledger.commit(last, Uint8Array.of(255));
      await ledger.read(Math.floor(ledger.height / 2));
    }
    found.push(await held());
  }
  await ledger.close();
  process.stdout.write(JSON.stringify(found));
}

void main(process.argv[2] ?? '', ...process.argv.slice(3).map(Number));
