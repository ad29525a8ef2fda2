/** Rates: so many at once, so many a second in the long run; for one, or for each of a bounded number of keys. */

/** How often something may happen. */
export interface Rate {
  /** At once, after a pause. */
  readonly burst: number;
  /** In the long run. */
  readonly perSecond: number;
}

/** One rate. Time is the caller's, in milliseconds that never go back. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Takes one token; false when there is none. */
  take(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until {@link take} succeeds, 0 when it does now. */
  waitMs(now: number): number {
    this.#fill(now);
    if (this.#tokens >= 1) return 0;
    return Math.ceil(((1 - this.#tokens) / this.#rate.perSecond) * 1_000);
  }

  #fill(now: number): void {
    const gained = (Math.max(0, now - this.#at) / 1_000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#at = Math.max(this.#at, now);
  }
}

/** A rate for each key. Of too many keys the one not seen for longest is forgotten, and has a full burst again. */
export class KeyedRate {
  readonly #rate: Rate;
  readonly #capacity: number;
  readonly #buckets = new Map<string, TokenBucket>();

  /** @param capacity keys remembered at most */
  constructor(rate: Rate, capacity: number) {
    this.#rate = rate;
    this.#capacity = capacity;
  }

  /** Keys remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token of `key`; false when it has none. */
  take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, now);
    // Set anew, so that the map is in the order of the last use.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.#capacity && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket.take(now);
  }
}
