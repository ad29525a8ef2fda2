/**
 * One range query of one transaction: hands out records in order and notes how far it was walked. Not exhausted, its end key is
 * the last key handed out, since nobody knows whether the caller would have gone on (Fabric, query_executor).
 */
import { RangeReadsBuilder } from './range-reads.ts';
import type { RangeQuery } from './read-write-set.ts';
import type { KeyedEntry, StateView } from './state.ts';

export interface RangeBounds {
  readonly startKey: string;
  /** Exclusive; '' for no end. */
  readonly endKey: string;
  /** Records of one page; undefined for a query that is not paged. */
  readonly limit?: number;
}

export class RangeWalk {
  readonly #view: StateView;
  readonly #namespace: string;
  readonly #bounds: RangeBounds;
  readonly #reads = new RangeReadsBuilder();
  #last: string | undefined;
  #count = 0;
  #exhausted = false;

  constructor(view: StateView, namespace: string, bounds: RangeBounds) {
    this.#view = view;
    this.#namespace = namespace;
    this.#bounds = bounds;
  }

  /** @returns the next record, or undefined at the end of the range or of the page. */
  async next(): Promise<KeyedEntry | undefined> {
    if (this.#exhausted) {
      return undefined;
    }
    const full = this.#count === this.#bounds.limit;
    const entry = full ? undefined : await this.#seek();
    if (!entry) {
      this.#exhausted = true;
      return undefined;
    }
    this.#last = entry.key;
    this.#count++;
    this.#reads.add({ key: entry.key, version: entry.version });
    return entry;
  }

  /** @returns where the next page begins, '' after the last one. Not noted as a read. */
  async bookmark(): Promise<string> {
    return (await this.#seek())?.key ?? '';
  }

  /** Ends the walk. */
  summary(): RangeQuery {
    return {
      startKey: this.#bounds.startKey,
      endKey: this.#exhausted ? this.#bounds.endKey : (this.#last ?? ''),
      exhausted: this.#exhausted,
      reads: this.#reads.finish(),
    };
  }

  #seek(): Promise<KeyedEntry | undefined> {
    const from = this.#last ?? this.#bounds.startKey;
    return this.#view.next(this.#namespace, from, this.#last === undefined, this.#bounds.endKey);
  }
}
