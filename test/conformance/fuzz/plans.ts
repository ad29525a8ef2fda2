/** Random transactions, round by round, from one seed. What is decided here is the same on every network. */
import { randomOf } from '../../random.ts';
import type { Step } from '../contract/steps.ts';

/** What is wrong with a transaction beside what it reads. */
export const FLAWS = ['unendorsed', 'minority', 'flipped', 'forged', 'epoch'] as const;
export type Flaw = (typeof FLAWS)[number];

export interface Plan {
  readonly id: number;
  readonly steps: readonly Step[];
  readonly flaw: Flaw | undefined;
}

export interface Round {
  /** Endorsed at one height. */
  readonly endorsed: readonly Plan[];
  /** Sent to the orderer in this order; some were endorsed in earlier rounds, some are sent again. */
  readonly sent: readonly Plan[];
}

const KEYS = 160;
/** Every fourth key is never deleted. */
const LASTING = 4;
/** Every second use of a key is of one of these. */
const HOT = 8;
const LONGEST = 6;
const PLANS = 10;
/** Of one, for what is not the rule. */
const RARE = 0.12;

export interface PlannerOptions {
  readonly seed: number;
  /** In front of every key. */
  readonly prefix: string;
  /** Whether a key is there at the height at which the next round is endorsed. */
  readonly exists: (key: string) => boolean;
  /** Whether some are sent twice, which BFT orderers do not let pass. */
  readonly resends: boolean;
}

export class Planner {
  readonly #prefix: string;
  readonly #random: (below: number) => number;
  readonly #exists: (key: string) => boolean;
  readonly #resends: boolean;
  #late: Plan[] = [];
  #sent: Plan[] = [];
  #count = 0;

  constructor({ seed, prefix, exists, resends }: PlannerOptions) {
    this.#prefix = prefix;
    this.#exists = exists;
    this.#resends = resends;
    const random = randomOf(seed);
    this.#random = (below) => Math.floor(random() * below);
  }

  /** Number of envelopes sent so far. */
  get count(): number {
    return this.#sent.length;
  }

  /** Fills most of the keys, so that ranges are longer than a batch. */
  first(): Round {
    const steps = Array.from({ length: KEYS }, (_, index) => index)
      .filter(() => this.#random(8) > 0)
      .map((index) => ['put', this.#keyOf(index), 'first'] as const);
    const plan = { id: this.#count++, steps, flaw: undefined };
    this.#sent.push(plan);
    return { endorsed: [plan], sent: [plan] };
  }

  next(): Round {
    const endorsed = Array.from({ length: 1 + this.#random(PLANS) }, () => this.#plan());
    // The first one is sent, so that a round is never empty.
    const held = endorsed.filter((_, index) => index > 0 && this.#isRare());
    const again = this.#sent.filter((plan) => plan.flaw !== 'epoch');
    const due = this.#shuffle([
      ...this.#late,
      ...endorsed.filter((plan) => !held.includes(plan)),
      ...(this.#resends && this.#isRare() ? [again[this.#random(again.length)]!] : []),
    ]);
    this.#late = held;
    const known = new Set(this.#sent);
    // Twice in a row: in one block or in two, the second one is a duplicate.
    const sent = due.flatMap((plan) => (this.#isDoubled(plan, known) ? [plan, plan] : [plan]));
    this.#sent.push(...sent);
    return { endorsed, sent };
  }

  #isDoubled(plan: Plan, known: ReadonlySet<Plan>): boolean {
    if (!this.#resends || plan.flaw !== undefined || known.has(plan)) return false;
    return this.#random(20) === 0;
  }

  #plan(): Plan {
    const steps = Array.from({ length: 1 + this.#random(LONGEST) }, () => this.#step());
    const flaw = this.#isRare() ? FLAWS[this.#random(FLAWS.length)] : undefined;
    return { id: this.#count++, steps, flaw };
  }

  #step(): Step {
    switch (this.#random(8)) {
      case 0:
      case 1:
        return ['get', this.#readKey()];
      case 2:
        return ['delete', this.#passingKey()];
      case 3:
        return this.#range();
      case 4:
        return this.#isRare() ? ['history', this.#key()] : ['put', this.#passingKey(), ''];
      default:
        return ['put', this.#key(), `v${this.#random(1_000)}`];
    }
  }

  /** Mostly short ones, so that not everything conflicts. */
  #range(): Step {
    const start = this.#random(KEYS);
    const length = this.#isRare() ? KEYS : this.#random(12);
    const most = [1, 100, 101, 1_000][this.#random(4)]!;
    return ['range', this.#keyOf(start), this.#keyOf(start + length), most];
  }

  #key(): string {
    return this.#keyOf(this.#random(this.#random(2) === 0 ? HOT : KEYS));
  }

  /** One that may be deleted. */
  #passingKey(): string {
    return this.#keyOf(this.#random(KEYS / LASTING) * LASTING + 1 + this.#random(LASTING - 1));
  }

  /**
   * One that is there, or that nobody deletes. Peers take any write to a key earlier in the block for a conflict, but one in an earlier
   * block only when the version differs: a key that was not there, was deleted and is not there would depend on how blocks are cut.
   */
  #readKey(): string {
    const key = this.#key();
    return this.#exists(key) ? key : this.#keyOf(this.#random(HOT / LASTING) * LASTING);
  }

  #keyOf(index: number): string {
    return `${this.#prefix}${String(index).padStart(4, '0')}`;
  }

  #isRare(): boolean {
    return this.#random(1_000) < RARE * 1_000;
  }

  #shuffle(plans: readonly Plan[]): readonly Plan[] {
    return plans
      .map((plan) => [this.#random(2 ** 30), plan] as const)
      .sort(([left], [right]) => left - right)
      .map(([, plan]) => plan);
  }
}
