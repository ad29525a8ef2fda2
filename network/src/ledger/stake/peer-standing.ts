/** Which peers failed lately, so that others are asked in their place. The longer a peer fails, the longer it is left alone. */
import type { NodeClient } from '../node-client.ts';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

interface Failure {
  readonly until: number;
  readonly forMs: number;
}

export class PeerStanding {
  readonly #failures = new Map<NodeClient, Failure>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  isGood(peer: NodeClient): boolean {
    const failure = this.#failures.get(peer);
    return failure === undefined || failure.until <= this.#now();
  }

  /** Of those that are left alone already nothing more is learnt. */
  failed(peer: NodeClient): void {
    if (!this.isGood(peer)) return;
    const before = this.#failures.get(peer)?.forMs ?? FIRST_MS / 2;
    const forMs = Math.min(2 * before, LONGEST_MS);
    this.#failures.set(peer, { until: this.#now() + forMs, forMs });
  }

  /** Signs what does not verify: found out by transactions that were lost. */
  lied(peer: NodeClient): void {
    this.#failures.set(peer, { until: this.#now() + LONGEST_MS, forMs: LONGEST_MS });
  }

  served(peer: NodeClient): void {
    if (this.#failures.size > 0) this.#failures.delete(peer);
  }
}
