/**
 * Asks for a skip when the validator does not serve (design §5: "an absence costs one transaction"): silence and refusal are no
 * evidence, only a reason to pass over. One vote an epoch, after a while in which it has not served at all. All clients come to it
 * at the same time, and of votes that meet only one is valid: each waits by chance first, and again when it has met another.
 */
import type { StakeTable } from '@lamplighter/chaincode/stake';

import { LedgerError } from '../ledger-error.ts';

export type ValidatorTrouble = 'silent' | 'refuses' | 'disagrees';

export interface ValidatorCareOptions {
  /** Submits Stake:SkipValidator. */
  readonly vote: (validator: string, epoch: number, reason: string) => Promise<unknown>;
  readonly onVote: (vote: {
    readonly validator: string;
    readonly epoch: number;
    readonly reason: string;
    readonly code: string;
  }) => void;
  /** Whether this is the validator still, by a table that is read now. */
  readonly isNeeded: (validator: string, epoch: number) => Promise<boolean>;
  /** @returns false when the client is closed meanwhile */
  readonly pause: (milliseconds: number) => Promise<boolean>;
  readonly now?: () => number;
  /** From 0 to below 1, uniform. @default Math.random */
  readonly draw?: () => number;
}

/** Of trouble without a break; a peer that is a block behind, or restarts, is back before. */
const SKIP_AFTER_MS = 1_500;
const VOTE_EVERY_MS = 1_000;
/** At most before a vote; twice as long after each that met another. */
const APART_MS = 250;
const LONGEST_APART_MS = 1_000;
/** Of one vote that meets others. */
const MOST_TRIES = 5;
/** The vote is there, or no longer needed. */
const SETTLED: readonly string[] = [
  'VOTE_EXISTS',
  'VALIDATOR_CHANGED',
  'VALIDATOR_ALONE',
  'STAKE_BARRED',
  'STAKE_HOLDER_NOT_FOUND',
];

interface Turn {
  readonly validator: string;
  readonly epoch: number;
  since: number;
  votedAt: number;
  isSettled: boolean;
}

export class ValidatorCare {
  readonly #options: ValidatorCareOptions;
  readonly #now: () => number;
  readonly #draw: () => number;
  #turn: Turn | undefined;
  #servedAt = -Infinity;
  #voting: Promise<void> | undefined;

  constructor(options: ValidatorCareOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#draw = options.draw ?? Math.random;
  }

  /** A transaction was endorsed with the validator's peer. */
  served(): void {
    this.#turn = undefined;
    this.#servedAt = this.#now();
  }

  /** Milliseconds since the validator was seen to serve. */
  get unseenForMs(): number {
    return this.#now() - this.#servedAt;
  }

  /** The validator was asked, and a transaction had to do without it. */
  failed({ validator, epoch }: StakeTable, trouble: ValidatorTrouble): void {
    if (validator === '') return;
    const now = this.#now();
    const turn = this.#turnOf(validator, epoch, now);
    if (turn.isSettled || now - turn.since < SKIP_AFTER_MS) return;
    if (this.#voting !== undefined || now - turn.votedAt < VOTE_EVERY_MS) return;
    turn.votedAt = now;
    this.#voting = this.#vote(turn, trouble).finally(() => {
      this.#voting = undefined;
    });
  }

  #turnOf(validator: string, epoch: number, now: number): Turn {
    if (this.#turn?.validator === validator && this.#turn.epoch === epoch) return this.#turn;
    this.#turn = { validator, epoch, since: now, votedAt: -Infinity, isSettled: false };
    return this.#turn;
  }

  async #vote(turn: Turn, trouble: ValidatorTrouble): Promise<void> {
    const { validator, epoch } = turn;
    const seconds = Math.floor((this.#now() - turn.since) / 1_000);
    const reason = `its peer ${trouble} for ${Math.max(1, seconds)} s`;
    const code = await this.#cast(turn, reason);
    turn.isSettled = code === undefined || code === 'VALID' || SETTLED.includes(code);
    if (code !== undefined) this.#options.onVote({ validator, epoch, reason, code });
  }

  /** @returns what became of the vote; undefined when it is not needed any more */
  async #cast(turn: Turn, reason: string): Promise<string | undefined> {
    let apartMs = APART_MS;
    for (let tries = 1; ; tries++) {
      const isOpen = await this.#options.pause(this.#draw() * apartMs);
      if (!isOpen || !(await this.#isNeeded(turn))) return undefined;
      const code = await this.#castOnce(turn, reason);
      if (code !== 'MVCC_READ_CONFLICT' || tries === MOST_TRIES) return code;
      apartMs = Math.min(2 * apartMs, LONGEST_APART_MS);
    }
  }

  /** It may have served, or been passed over, while this vote waited. */
  async #isNeeded(turn: Turn): Promise<boolean> {
    const isNeeded = await this.#options.isNeeded(turn.validator, turn.epoch);
    return isNeeded && this.#turn === turn;
  }

  async #castOnce({ validator, epoch }: Turn, reason: string): Promise<string> {
    try {
      await this.#options.vote(validator, epoch, reason);
      return 'VALID';
    } catch (error) {
      return error instanceof LedgerError ? error.code : 'UNAVAILABLE';
    }
  }
}
