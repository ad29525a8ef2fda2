/**
 * How many peers may be connected without having shown a key (protocol §3.1, §8): no state but these counters is kept
 * for an address before `mac0` is right.
 */

/** Limits of {@link HalfOpenLimits}. */
export interface HalfOpenOptions {
  /** Handshakes under way from one address. @default 8 */
  readonly perAddress?: number;
  /** Handshakes under way in all. @default 1_024 */
  readonly total?: number;
}

/** A place taken by one handshake. */
export interface HalfOpenPlace {
  /** Gives the place back, once. */
  release(): void;
}

/** Counts handshakes under way, by address and in all. */
export class HalfOpenLimits {
  readonly #perAddress: number;
  readonly #total: number;
  readonly #counts = new Map<string, number>();
  #taken = 0;

  constructor(options: HalfOpenOptions = {}) {
    this.#perAddress = options.perAddress ?? 8;
    this.#total = options.total ?? 1_024;
  }

  /** Handshakes under way. */
  get taken(): number {
    return this.#taken;
  }

  /** A place for `address`, or null when a limit is reached. */
  take(address: string): HalfOpenPlace | null {
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#perAddress || this.#taken >= this.#total) return null;
    this.#counts.set(address, count + 1);
    this.#taken += 1;
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#give(address);
      },
    };
  }

  #give(address: string): void {
    const count = this.#counts.get(address) ?? 1;
    if (count === 1) this.#counts.delete(address);
    else this.#counts.set(address, count - 1);
    this.#taken -= 1;
  }
}
