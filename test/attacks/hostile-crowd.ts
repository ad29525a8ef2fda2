/** Many hostile peers at a time, each kind in turn, until told to stop; bounded in number and time. */
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { hostileKinds, type Loot } from './hostile-kinds.ts';
import { RawPeer, type Target } from './raw-peer.ts';

/** What a crowd is told. */
export interface CrowdOrder {
  readonly port: number;
  /** Connections at a time. */
  readonly size: number;
  /** Ends by itself then, whatever happens. */
  readonly mostSeconds: number;
  /** A connection not ended by the other end within it is given up. */
  readonly patienceMs: number;
  readonly loot: Loot;
}

/** Endings of each kind's connections: how, and how often. */
export type CrowdResult = Record<string, Record<string, number>>;

/** Connections that one crowd opens at most. */
const MOST_CONNECTIONS = 200_000;
/** Half the peers share so few addresses; each of the others has its own. */
const SHARED_ADDRESSES = 8;

/** A crowd at work. */
export class HostileCrowd {
  readonly #order: CrowdOrder;
  readonly #result: CrowdResult = {};
  readonly #stopping = new AbortController();
  readonly #peers = new Set<RawPeer>();
  readonly #workers: Promise<unknown>;
  #opened = 0;

  constructor(order: CrowdOrder) {
    this.#order = order;
    // Every peer that rests listens.
    setMaxListeners(0, this.#stopping.signal);
    const limit = setTimeout(() => {
      this.#stopping.abort();
    }, order.mostSeconds * 1_000).unref();
    this.#stopping.signal.addEventListener('abort', () => {
      clearTimeout(limit);
    });
    const names = Object.keys(hostileKinds);
    const workers = Array.from({ length: order.size }, (_none, index) => this.#work(index, names));
    this.#workers = Promise.all(workers);
  }

  /** True once the other end has ended a few connections of every kind. */
  seasoned(): boolean {
    return Object.keys(hostileKinds).every((name) => {
      const counts = Object.values(this.#result[name] ?? {});
      return counts.reduce((sum, count) => sum + count, 0) >= 4;
    });
  }

  /** Ends all connections, and says what became of those that the other end had ended before. */
  async stop(): Promise<CrowdResult> {
    this.#stopping.abort();
    for (const peer of this.#peers) peer.destroy();
    await this.#workers;
    return this.#result;
  }

  async #work(index: number, names: readonly string[]): Promise<void> {
    const target = { port: this.#order.port, from: addressOf(index) };
    // Not all at the same moment, or the listening queue of the machine is what is tested.
    await this.#rest(index % 500);
    for (let turn = index; !this.#stopping.signal.aborted; turn += 1) {
      if (this.#opened >= MOST_CONNECTIONS) return;
      this.#opened += 1;
      await this.#attack(names[turn % names.length]!, target);
      await this.#rest(100);
    }
  }

  async #attack(name: string, target: Target): Promise<void> {
    const peer = new RawPeer(target);
    this.#peers.add(peer);
    const patience = setTimeout(() => {
      peer.giveUp();
    }, this.#order.patienceMs);
    await Promise.all([hostileKinds[name]!(peer, this.#order.loot), peer.ended]);
    clearTimeout(patience);
    this.#peers.delete(peer);
    if (this.#stopping.signal.aborted) return;
    const ending = await peer.ended;
    const endings = (this.#result[name] ??= {});
    endings[ending] = (endings[ending] ?? 0) + 1;
  }

  async #rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

function addressOf(index: number): string {
  // Other systems than Linux have 127.0.0.1 only.
  if (process.platform !== 'linux') return '127.0.0.1';
  if (index % 2 === 0) return `127.77.0.${String(1 + ((index / 2) % SHARED_ADDRESSES))}`;
  return `127.78.${String(index >> 8)}.${String(index & 255)}`;
}
