/**
 * Keeps evidence until the ledger has judged it, and files it by itself: one case at a time, again after outages. Bounded:
 * a peer that lies to every proposal is convicted by any of its lies.
 */
import type { MisconductKind, MisconductReport } from '@lamplighter/chaincode/stake';

import { LedgerError } from '../ledger-error.ts';
import type { Misconduct } from './misconduct.ts';
import { pauseUntil } from './pause.ts';

/** Cases that wait to be filed. */
const MOST_OPEN = 32;
/** Of one organisation: the others are kept for another one. */
const MOST_OPEN_OF_ONE = 4;
/** Ids of cases that are done with. */
const MOST_REMEMBERED = 1_024;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** Half an hour: for certificates that are registered late. */
const MOST_TRIES = 500;
const CONVICTED_FOR_MS = 60_000;

/** What will never be otherwise: another has reported it, or the contract does not take it. */
const FINAL: readonly string[] = [
  'EVIDENCE_USED',
  'EVIDENCE_INVALID',
  'EVIDENCE_OUTDATED',
  'STAKE_BARRED',
  'STAKE_HOLDER_NOT_FOUND',
  'ARGUMENT_INVALID',
  'TRANSACTION_UNKNOWN',
  'CALLER_NOT_ALLOWED',
  'CLOSED',
];

export interface CaseDeskOptions {
  /** Submits Stake:ReportMisconduct. */
  readonly file: (report: MisconductReport) => Promise<unknown>;
  /** False for one who is convicted already, by anybody. */
  readonly isWorthReporting?: (finding: Misconduct['finding']) => boolean;
  readonly onFound: (misconduct: Misconduct) => void;
  /** `VALID` when it was judged as reported. */
  readonly onFiled: (misconduct: Misconduct, code: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

export class CaseDesk {
  readonly #options: CaseDeskOptions;
  readonly #now: () => number;
  readonly #open = new Map<string, Misconduct>();
  readonly #done = new Set<string>();
  /** When an organisation was convicted last, and of what. */
  readonly #convicted = new Map<string, { readonly kind: MisconductKind; readonly at: number }>();
  /** Cases change the same table, so one is filed after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: CaseDeskOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Cases that wait to be filed, oldest first. */
  get open(): readonly Misconduct[] {
    return [...this.#open.values()];
  }

  add(cases: readonly Misconduct[]): void {
    for (const one of cases) {
      if (!this.#wants(one)) continue;
      this.#open.set(one.finding.id, one);
      this.#options.onFound(one);
      void this.#work(one);
    }
  }

  #wants({ finding }: Misconduct): boolean {
    const { id, accused } = finding;
    if (this.#options.signal.aborted) return false;
    if (this.#open.has(id) || this.#done.has(id) || this.#open.size >= MOST_OPEN) return false;
    if (this.#isConvicted(finding)) return false;
    return this.open.filter((one) => one.finding.accused === accused).length < MOST_OPEN_OF_ONE;
  }

  /** A conviction for the same, or for more, is enough for a while. */
  #isConvicted({ accused, kind }: Misconduct['finding']): boolean {
    const before = this.#convicted.get(accused);
    if (before === undefined || this.#now() - before.at > CONVICTED_FOR_MS) return false;
    return before.kind === kind || before.kind === 'equivocation';
  }

  async #work(misconduct: Misconduct): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let tries = 1; ; tries++) {
      const code = await this.#inTurn(() => this.#file(misconduct));
      const isOver = code === 'VALID' || FINAL.includes(code) || tries >= MOST_TRIES;
      if (isOver || !(await pauseUntil(this.#options.signal, pauseMs))) {
        this.#finish(misconduct, code);
        return;
      }
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  #inTurn(work: () => Promise<string>): Promise<string> {
    const result = this.#turn.then(work);
    this.#turn = result.then(() => undefined);
    return result;
  }

  /** @returns what became of it; never fails */
  async #file({ report, finding }: Misconduct): Promise<string> {
    if (this.#isConvicted(finding)) return 'EVIDENCE_USED';
    if (this.#options.isWorthReporting?.(finding) === false) return 'STAKE_BARRED';
    try {
      await this.#options.file(report);
    } catch (error) {
      return error instanceof LedgerError ? error.code : 'UNAVAILABLE';
    }
    this.#convicted.set(finding.accused, { kind: finding.kind, at: this.#now() });
    return 'VALID';
  }

  #finish(misconduct: Misconduct, code: string): void {
    const { id } = misconduct.finding;
    this.#open.delete(id);
    this.#done.add(id);
    const [oldest] = this.#done;
    if (this.#done.size > MOST_REMEMBERED && oldest !== undefined) this.#done.delete(oldest);
    this.#options.onFiled(misconduct, code);
  }
}
