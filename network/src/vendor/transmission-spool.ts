/**
 * Transmissions that are not on the ledger yet, on disk: one JSON line each, appended and synced, so that a node that was
 * killed records them at its next start. An id is written to the ledger once, so recording one again does no harm.
 */
import { open } from 'node:fs/promises';

import type { Transmission } from '@lamplighter/chaincode';

import { readIfThere, writeFileAtomic } from '../atomic-file.ts';
import { VendorError } from './vendor-error.ts';

export class TransmissionSpool {
  /** What an earlier run left. */
  readonly left: readonly Transmission[];
  readonly #file: string;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, left: readonly Transmission[]) {
    this.#file = file;
    this.left = left;
  }

  /** Cuts off a last line that was not written to its end. @throws VendorError STORE_CORRUPT */
  static async open(file: string): Promise<TransmissionSpool> {
    const text = (await readIfThere(file))?.toString('utf8') ?? '';
    const lines = text.split('\n');
    const torn = lines.pop() !== '';
    const byId = new Map(lines.map((line) => parse(file, line)).map((each) => [each.id, each]));
    const spool = new TransmissionSpool(file, [...byId.values()]);
    if (torn) await spool.replace(() => spool.left);
    return spool;
  }

  /** On disk when this resolves. */
  append(transmission: Transmission): Promise<void> {
    return this.#inTurn(async () => {
      const handle = await open(this.#file, 'a', 0o600);
      try {
        await handle.writeFile(lineOf(transmission));
        await handle.datasync();
      } finally {
        await handle.close();
      }
    });
  }

  /** @param waiting what is left, asked for when the turn has come */
  replace(waiting: () => readonly Transmission[]): Promise<void> {
    return this.#inTurn(() => writeFileAtomic(this.#file, waiting().map(lineOf).join('')));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(work);
    // Whoever began that write hears of its failure.
    this.#writing = done.catch(() => undefined);
    return done;
  }
}

function lineOf(transmission: Transmission): string {
  return `${JSON.stringify(transmission)}\n`;
}

function parse(file: string, line: string): Transmission {
  try {
    const value = JSON.parse(line) as Partial<Transmission> | null;
    if (typeof value?.id === 'string' && typeof value.release === 'string') {
      return value as Transmission;
    }
  } catch (error) {
    throw new VendorError('STORE_CORRUPT', `${file} has a line that is not JSON`, { cause: error });
  }
  throw new VendorError('STORE_CORRUPT', `${file} has a line that is no transmission`);
}
