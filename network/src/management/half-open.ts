/**
 * How many peers may be connected without a session (protocol §3.1, §8): no state but these counters is kept for an
 * address before `mac0` is right. One address is refused at its limit. When all places are taken, the oldest peer that
 * has not shown a key yet gives way to the new one: a device needs its place for two round trips, and who only sits there
 * must not shut it out.
 */
import { limits } from '@lamplighter/sdk/wire';
import { addressGroup } from './address-group.ts';

/** Limits of {@link HalfOpenLimits}. */
export interface HalfOpenOptions {
  /** Connections without a session from one address, an IPv6 /64 counted as one. @default 8 */
  readonly perAddress?: number;
  /** Connections without a session in all. @default 1_024 */
  readonly total?: number;
}

/** A place taken by one connection. */
export interface HalfOpenPlace {
  /** The peer has shown its key: it gives way to nobody any more. */
  keep(): void;
  /** Gives the place back, once. */
  release(): void;
}

interface Held {
  readonly group: string;
  readonly giveWay: () => void;
}

/** Counts connections without a session, by address and in all. */
export class HalfOpenLimits {
  readonly #perAddress: number;
  readonly #total: number;
  readonly #counts = new Map<string, number>();
  /** Oldest first. */
  readonly #unproven = new Set<Held>();
  #taken = 0;

  constructor(options: HalfOpenOptions = {}) {
    this.#perAddress = options.perAddress ?? limits.HALF_OPEN_PER_ADDRESS;
    this.#total = options.total ?? limits.HALF_OPEN_ALL;
  }

  /** Places taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Addresses that have a place. */
  get addresses(): number {
    return this.#counts.size;
  }

  /**
   * A place for `address`, or null when its limit is reached, or all places are held by peers that have shown a key.
   *
   * @param giveWay called when the place is given to another: the connection must end
   */
  take(address: string | undefined, giveWay: () => void): HalfOpenPlace | null {
    const group = addressGroup(address);
    const count = this.#counts.get(group) ?? 0;
    if (count >= this.#perAddress || !this.#makeRoom()) return null;
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
    this.#taken += 1;
    const held = { group, giveWay };
    this.#unproven.add(held);
    let released = false;
    return {
      keep: () => void this.#unproven.delete(held),
      release: () => {
        if (released) return;
        released = true;
        this.#give(held);
      },
    };
  }

  #makeRoom(): boolean {
    if (this.#taken < this.#total) return true;
    const [oldest] = this.#unproven;
    if (oldest === undefined) return false;
    this.#unproven.delete(oldest);
    oldest.giveWay();
    return this.#taken < this.#total;
  }

  #give(held: Held): void {
    this.#unproven.delete(held);
    const count = this.#counts.get(held.group) ?? 1;
    if (count === 1) this.#counts.delete(held.group);
    else this.#counts.set(held.group, count - 1);
    this.#taken -= 1;
  }
}
