/** The stake table as the client knows it: read when it is needed first, and again when something says that it changed. */
import { decodeStakeTable } from '@lamplighter/chaincode/stake';

import { StakePolicy } from './stake-policy.ts';

/** After a reading that failed, what was known stands for so long. */
const AGAIN_AFTER_MS = 500;

export interface StakeWatchOptions {
  /** @returns the table's bytes; null when the chaincode has none. @throws when nobody answers */
  readonly read: () => Promise<Uint8Array | null>;
  readonly now?: () => number;
}

export class StakeWatch {
  readonly #options: StakeWatchOptions;
  readonly #now: () => number;
  #known: StakePolicy | null = null;
  #isFresh = false;
  #again = -Infinity;
  #reading: Promise<StakePolicy | null> | undefined;
  /** Counts what outdated a table, so that one read before it is read again. */
  #changes = 0;

  constructor(options: StakeWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Null while there is no table, or none that parses: then a majority of organisations decides. */
  policy(): StakePolicy | null | Promise<StakePolicy | null> {
    if (this.#isFresh) return this.#known;
    if (this.#now() < this.#again) return this.#known;
    return (this.#reading ??= this.#read());
  }

  /** What was read last. */
  get known(): StakePolicy | null {
    return this.#known;
  }

  /** Makes the next caller of {@link policy} read again. */
  outdate(): void {
    this.#changes += 1;
    this.#isFresh = false;
    this.#again = -Infinity;
  }

  async #read(): Promise<StakePolicy | null> {
    const changes = this.#changes;
    try {
      const bytes = await this.#options.read();
      const table = bytes === null ? null : decodeStakeTable(bytes);
      this.#known = table === null ? null : new StakePolicy(table);
      this.#isFresh = changes === this.#changes;
    } catch {
      this.#again = this.#now() + AGAIN_AFTER_MS;
    } finally {
      this.#reading = undefined;
    }
    return this.#known;
  }
}
