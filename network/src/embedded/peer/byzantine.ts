/**
 * Peers that misbehave on request, for tests and demonstrations of what stake is for (design §5, "Misconduct"). They lie about
 * transactions that write, and are honest in all else: queries, system chaincodes, blocks.
 */
import { BoundedCache } from '../bounded-cache.ts';
import type { ByzantineMode } from '../byzantine-modes.ts';
import { EmbeddedError } from '../errors.ts';
import { decodeReadWriteSet, encodeReadWriteSet } from '../ledger/read-write-set.ts';
import type { StateView } from '../ledger/state.ts';
import type { Proposal } from './proposal.ts';
import type { Simulation } from './responses.ts';

/** Blocks that a stale peer's state is behind, at least, once there are so many. */
const LAG = 10;
const PROPOSALS = 4_096;
const REFUSED = 400;

export interface Execution {
  readonly proposal: Proposal;
  /** What the contracts gave on the present state. */
  readonly honest: Simulation;
  /** Runs the contracts on another state, which stays the caller's. */
  readonly runOn: (view: StateView) => Promise<Simulation>;
}

/** A state that is kept open. */
interface Held {
  readonly view: StateView;
  users: number;
}

export class Byzantine {
  readonly #name: string;
  readonly #mode: ByzantineMode;
  readonly #view: () => StateView;
  /** How often a proposal was answered, by its hash. */
  readonly #answered = new BoundedCache<string, number>(PROPOSALS);
  #favourite: string | undefined;
  /** The oldest first. */
  #held: readonly Held[] = [];

  /**
   * @param name - of the peer.
   * @param view - the peer's present state; to be released.
   */
  constructor(name: string, mode: ByzantineMode, view: () => StateView) {
    this.#name = name;
    this.#mode = mode;
    this.#view = view;
  }

  /** @throws {@link EmbeddedError} ACCESS_DENIED in mode `refuse` */
  answer({ proposal, honest, runOn }: Execution): Simulation | Promise<Simulation> {
    if (honest.response.getStatus() >= REFUSED || !writes(honest)) {
      return honest;
    }
    switch (this.#mode) {
      case 'equivocate':
        return this.#isTurnToLie(proposal) ? forged(honest, this.#name) : honest;
      case 'diverge':
        return forged(honest, this.#name);
      case 'refuse':
        throw new EmbeddedError('ACCESS_DENIED', 'this peer was told to endorse nothing');
      case 'stale':
        return this.#runStale(runOn);
    }
  }

  close(): void {
    this.#held.forEach(({ view }) => {
      view.release();
    });
    this.#held = [];
  }

  #isTurnToLie({ hash, creator }: Proposal): boolean {
    const key = Buffer.from(hash).toString('hex');
    const times = this.#answered.get(key) ?? 0;
    this.#answered.set(key, times + 1);
    const client = Buffer.from(creator).toString('base64');
    this.#favourite ??= client;
    return (times % 2 === 1) === (client === this.#favourite);
  }

  async #runStale(runOn: Execution['runOn']): Promise<Simulation> {
    const old = this.#staleState();
    old.users++;
    try {
      return await runOn(old.view);
    } finally {
      old.users--;
    }
  }

  /** The newest kept state that is old enough, or the first of all until there is such. */
  #staleState(): Held {
    const present = { view: this.#view(), users: 0 };
    const { height } = present.view;
    const isOld = ({ view }: Held): boolean => view.height + LAG <= height;
    const last = this.#held.at(-1);
    if (!last || isOld(last)) {
      this.#held = [...this.#held, present];
    } else {
      present.view.release();
    }
    const chosen = this.#held.findLast(isOld) ?? this.#held[0] ?? present;
    const isSpent = (held: Held, index: number): boolean =>
      held.users === 0 && index < this.#held.indexOf(chosen);
    const spent = this.#held.filter(isSpent);
    this.#held = this.#held.filter((held) => !spent.includes(held));
    spent.forEach(({ view }) => {
      view.release();
    });
    return chosen;
  }
}

function writes({ results }: Simulation): boolean {
  return decodeReadWriteSet(results).some(
    (set) => set.writes.length > 0 || set.metadataWrites.length > 0,
  );
}

/** The same reads, and something else in every key that is written; no two peers forge alike. */
function forged(honest: Simulation, by: string): Simulation {
  const value = Buffer.from(JSON.stringify({ by, docType: 'forged', schema: 1 }));
  const sets = decodeReadWriteSet(honest.results).map((set) => ({
    ...set,
    writes: set.writes.map(({ key }) => ({ key, value })),
  }));
  return { ...honest, results: encodeReadWriteSet(sets) };
}
