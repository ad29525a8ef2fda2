/**
 * What Fabric makes of transactions, in a few lines and without bytes: a state of keys with versions, runs that note what they read,
 * and the verdict on each when its turn comes (MVCC, phantoms). Nothing here knows of the network that it is compared with.
 */
import { peer } from '@hyperledger/fabric-protos';

import type { Step } from '../contract/steps.ts';

const Code = peer.TxValidationCode;
/** Records that a peer hands to a chaincode at a time; it reads one beyond. */
const BATCH = 100;

interface Stored {
  readonly value: string;
  /** Number of the transaction that wrote it. */
  readonly version: number;
}

type Read = readonly [key: string, version: number | undefined];

export interface RangeNote {
  readonly start: string;
  /** Excluded when exhausted, else the last key that was read. */
  readonly end: string;
  readonly exhausted: boolean;
  readonly reads: readonly Read[];
}

/** One execution against the state of its time. */
export interface Run {
  /** What the contract answers. */
  readonly results: readonly unknown[];
  readonly reads: ReadonlyMap<string, number | undefined>;
  readonly ranges: readonly RangeNote[];
  /** null deletes. */
  readonly writes: ReadonlyMap<string, string | null>;
}

interface OpenRun extends Run {
  readonly results: unknown[];
  readonly reads: Map<string, number | undefined>;
  readonly ranges: RangeNote[];
  readonly writes: Map<string, string | null>;
}

export class Model {
  readonly #state = new Map<string, Stored>();
  readonly #history = new Map<string, (string | null)[]>();
  #count = 0;

  /** In the order of their keys. */
  state(): readonly (readonly [string, string])[] {
    return this.#between('', undefined).map(([key, { value }]) => [key, value]);
  }

  has(key: string): boolean {
    return this.#state.has(key);
  }

  run(steps: readonly Step[]): Run {
    const run: OpenRun = { results: [], reads: new Map(), ranges: [], writes: new Map() };
    for (const step of steps) {
      run.results.push(this.#do(step, run));
    }
    return run;
  }

  /** Judges a run that is endorsed as it should be, and applies it when it is valid. */
  commit(run: Run): number {
    const code = this.#judge(run);
    if (code === Code.VALID) {
      this.#apply(run);
    }
    return code;
  }

  #do(step: Step, run: OpenRun): unknown {
    switch (step[0]) {
      case 'get':
        return this.#get(step[1], run);
      case 'put':
        // An empty value deletes.
        run.writes.set(step[1], step[2] === '' ? null : step[2]);
        return null;
      case 'delete':
        run.writes.set(step[1], null);
        return null;
      case 'range':
        return this.#range(step[1], step[2], step[3], run);
      case 'history':
        return this.#pastOf(step[1]).toReversed();
    }
  }

  #get(key: string, run: OpenRun): string {
    const stored = this.#state.get(key);
    run.reads.set(key, stored?.version);
    return stored?.value ?? '';
  }

  #pastOf(key: string): readonly (string | null)[] {
    return this.#history.get(key) ?? [];
  }

  #range(start: string, end: string, most: number, run: OpenRun): unknown {
    const records = this.#between(start, end);
    const readAhead = BATCH * Math.ceil(Math.max(most, 1) / BATCH) + 1;
    const read = records.slice(0, readAhead);
    const exhausted = records.length < readAhead;
    run.ranges.push({
      start,
      end: exhausted ? end : read.at(-1)![0],
      exhausted,
      reads: read.map(([key, { version }]) => [key, version]),
    });
    return records.slice(0, most).map(([key, { value }]) => [key, value]);
  }

  #judge(run: Run): number {
    for (const [key, version] of run.reads) {
      if (this.#state.get(key)?.version !== version) {
        return Code.MVCC_READ_CONFLICT;
      }
    }
    return run.ranges.every((range) => this.#isSame(range))
      ? Code.VALID
      : Code.PHANTOM_READ_CONFLICT;
  }

  #isSame({ start, end, exhausted, reads }: RangeNote): boolean {
    const last = exhausted ? end : `${end}\u0000`;
    const now = this.#between(start, last).map(([key, { version }]) => `${key} ${version}`);
    return now.join() === reads.map(([key, version]) => `${key} ${version}`).join();
  }

  #apply(run: Run): void {
    this.#count++;
    for (const [key, value] of run.writes) {
      this.#history.set(key, [...this.#pastOf(key), value]);
      if (value === null) {
        this.#state.delete(key);
      } else {
        this.#state.set(key, { value, version: this.#count });
      }
    }
  }

  /** Keys are ASCII here: their order is that of their bytes. */
  #between(start: string, end: string | undefined): readonly (readonly [string, Stored])[] {
    return [...this.#state]
      .filter(([key]) => key >= start && (end === undefined || key < end))
      .sort(([left], [right]) => (left < right ? -1 : 1));
  }
}
