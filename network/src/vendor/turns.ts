/**
 * What a vendor node does for stake (design §5): it asks for the election when an epoch is over, after a random pause so that
 * mostly one of all vendors does and the first wins, and it brings its organisation back after a skip, once its peer answers
 * again. Never fails: what does not work now is tried again.
 */
import type { StakeTable } from '@lamplighter/chaincode/stake';

import { LedgerError, type StakeContract } from '../ledger/index.ts';
import type { VendorLogger } from './logger.ts';
import { pause as timedPause } from './pause.ts';

export interface TurnsOptions {
  readonly stake: StakeContract;
  /** Of the own organisation. */
  readonly mspId: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly logger: VendorLogger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The longest random pause before an election, milliseconds. @default 2_000 */
  readonly jitterMs?: number;
  /** From 0 to less than 1. @default Math.random */
  readonly random?: () => number;
  /** Ends early, without an error, when the signal is aborted. @default a timer that keeps no process alive */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const JITTER_MS = 2_000;
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** Epochs: a peer that is skipped again and again is brought back ever later. */
const LONGEST_ABSENCE = 64;

/** Somebody else was first, or another transaction changed the table in between. */
const QUIET: ReadonlySet<string> = new Set([
  'EPOCH_NOT_OVER',
  'NOT_ABSENT',
  'STAKE_NOT_INITIALISED',
  'MVCC_READ_CONFLICT',
  'ENDORSEMENTS_DIFFER',
  'ENDORSEMENT_POLICY_FAILURE',
]);

/** Resolves when the signal is aborted. */
export async function keepTurns(options: TurnsOptions): Promise<void> {
  const { signal, jitterMs = JITTER_MS, random = Math.random, pause = timedPause } = options;
  const duty = new Duty(options);
  let waitMs = 0;
  let failures = 0;
  for (;;) {
    await pause(waitMs + random() * jitterMs, signal);
    if (signal.aborted) return;
    try {
      waitMs = await duty.attend();
      failures = 0;
    } catch (error) {
      waitMs = Math.min(RETRY_MS * 2 ** Math.min(failures, 16), LONGEST_RETRY_MS);
      failures += 1;
      tell(options, error);
    }
  }
}

class Duty {
  readonly #options: TurnsOptions;
  /** The epoch in which the own organisation was first seen absent. */
  #absentSince: number | undefined;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** @returns milliseconds until the next epoch */
  async attend(): Promise<number> {
    const { stake, signal, now } = this.#options;
    const table = await stake.readTable({ signal });
    await this.#comeBack(table);
    const epoch = this.#epoch(table);
    if (epoch > table.epoch) await stake.electValidator({ signal });
    const next = (Math.max(epoch, table.epoch) + 1) * table.epochSeconds;
    return Math.max(0, next * 1_000 - now());
  }

  async #comeBack(table: StakeTable): Promise<void> {
    const { stake, mspId, signal, logger } = this.#options;
    const own = table.organisations.find((holder) => holder.mspId === mspId);
    if (own?.absent !== true) {
      this.#absentSince = undefined;
      return;
    }
    const epoch = this.#epoch(table);
    this.#absentSince ??= epoch;
    const absence = Math.min(2 ** Math.max(0, own.skips - 1), LONGEST_ABSENCE);
    if (epoch < this.#absentSince + absence || !(await this.#isWell())) return;
    try {
      await stake.return({ signal });
      this.#absentSince = undefined;
      logger.info({ mspId, skips: own.skips }, 'the organisation takes turns again');
    } catch (error) {
      // The others elect in the meantime.
      tell(this.#options, error);
    }
  }

  /** Whether the own peer answers, and has heard of the skip. */
  async #isWell(): Promise<boolean> {
    const { stake, mspId, signal } = this.#options;
    try {
      const { organisations } = await stake.readTable({ organisation: mspId, signal });
      return organisations.some((holder) => holder.mspId === mspId && holder.absent);
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  }

  #epoch({ epochSeconds }: StakeTable): number {
    return Math.floor(this.#options.now() / 1_000 / epochSeconds);
  }
}

function tell({ signal, logger }: TurnsOptions, error: unknown): void {
  if (signal.aborted || (error instanceof LedgerError && QUIET.has(error.code))) return;
  logger.warn({ error }, 'no part taken in elections; it is tried again');
}
