/** Everything by which a client lives with stake: the table, whom it asks, what it reports and votes for by itself. */
import type {
  Court,
  MisconductKind,
  MisconductReport,
  StakeTable,
} from '@lamplighter/chaincode/stake';

import type { CommitFeed } from '../commit-feed.ts';
import type { FilteredBlock } from '../filtered-blocks.ts';
import type { Nodes } from '../nodes.ts';
import { LedgerError } from '../ledger-error.ts';
import type { SignedProposal } from '../proposal.ts';
import type { ProposalAnswer } from '../proposal-answer.ts';
import { badEndorsers } from './bad-endorsements.ts';
import { CaseDesk } from './case-desk.ts';
import { Endorsing, type EndorsementRequest } from './endorsing.ts';
import { MisconductWatch } from './misconduct-watch.ts';
import { pauseUntil } from './pause.ts';
import { PeerStanding } from './peer-standing.ts';
import type { StakePolicy } from './stake-policy.ts';
import { StakeWatch } from './stake-watch.ts';
import { ValidatorCare } from './validator-care.ts';

/** What the client did or found by itself. */
export type LedgerNotice =
  | {
      readonly kind: 'misconduct-found';
      readonly accused: string;
      readonly misconduct: MisconductKind;
      readonly case: string;
      readonly transactionId: string;
    }
  | {
      readonly kind: 'misconduct-filed';
      readonly accused: string;
      readonly misconduct: MisconductKind;
      readonly case: string;
      /** `VALID`, or why the ledger did not take it: `EVIDENCE_USED` when somebody else was first. */
      readonly code: string;
    }
  | {
      readonly kind: 'skip-voted';
      readonly validator: string;
      readonly epoch: number;
      readonly reason: string;
      readonly code: string;
    };

/** Without a table: one organisation alone may be wrong or lie. */
const ENOUGH_ORGANISATIONS = 2;
const PROBE_WITHIN_MS = 5_000;
/** Events that change the table. */
const TABLE_EVENTS: ReadonlySet<string> = new Set([
  'StakeInitialised',
  'SharesSold',
  'ValidatorElected',
  'ValidatorSkipped',
  'ValidatorReturned',
  'MisconductProven',
  'SharesBurned',
  'BarLifted',
  'SharesReissued',
]);

export interface StakeClientOptions {
  readonly nodes: Nodes;
  readonly feed: CommitFeed;
  readonly court: Court;
  /** @returns the bytes of the table; null when the chaincode has none. @throws when nobody answers */
  readonly readTable: () => Promise<Uint8Array | null>;
  readonly submit: (transaction: `Stake:${string}`, args: readonly string[]) => Promise<unknown>;
  readonly notice: (notice: LedgerNotice) => void;
  readonly propose: (transaction: `Stake:${string}`, args: readonly string[]) => SignedProposal;
  readonly auditEveryMs: number;
  readonly patrolEveryMs: number;
  /** Ends what it does by itself. */
  readonly signal: AbortSignal;
}

export class StakeClient {
  readonly #options: StakeClientOptions;
  readonly #watch: StakeWatch;
  readonly #standing = new PeerStanding();
  readonly #endorsing: Endorsing;
  readonly #care: ValidatorCare;
  #patrol: NodeJS.Timeout | undefined;
  #seen = 0;
  #tableBlock = -1;

  constructor(options: StakeClientOptions) {
    const { nodes, feed, court, readTable, auditEveryMs } = options;
    this.#options = options;
    this.#watch = new StakeWatch({ read: readTable });
    const policy = (): StakePolicy | null => this.#watch.known;
    this.#care = this.#newCare();
    const desk = this.#newDesk();
    const watch = new MisconductWatch({ court, desk, policy, auditEveryMs });
    this.#endorsing = new Endorsing({
      nodes,
      feed,
      stake: this.#watch,
      standing: this.#standing,
      care: this.#care,
      watch,
      seen: () => this.#seen,
      closing: options.signal,
    });
  }

  /** What decides, as far as it is known; null for a majority of organisations. */
  get known(): StakePolicy | null {
    return this.#watch.known;
  }

  /** Number of the newest block that this client has acted on: whom it asks next should have it. */
  get seen(): number {
    return this.#seen;
  }

  see(blockNumber: number): void {
    this.#seen = Math.max(this.#seen, blockNumber);
  }

  /** @throws LedgerError; see {@link Endorsing.endorse} */
  endorse(request: EndorsementRequest): Promise<readonly ProposalAnswer[]> {
    this.#patrol ??= this.#startPatrol();
    return this.#endorsing.endorse(request);
  }

  /** Whether what peers of these organisations say together is to be believed. */
  suffices(mspIds: ReadonlySet<string>): boolean {
    return this.#watch.known?.passes(mspIds) ?? mspIds.size >= ENOUGH_ORGANISATIONS;
  }

  /** Takes note of blocks that changed the table. */
  heard({ number, events }: FilteredBlock): void {
    if (number <= this.#tableBlock || events.length === 0) return;
    const { chaincode } = this.#options.court;
    if (!events.some((event) => event.chaincode === chaincode && TABLE_EVENTS.has(event.name))) {
      return;
    }
    this.#tableBlock = number;
    this.see(number);
    this.#watch.outdate();
  }

  /** A transaction was found invalid: the table may be another, or an endorsement worth nothing. */
  lost(code: string, envelope: Uint8Array): void {
    if (code === 'MVCC_READ_CONFLICT') this.#watch.outdate();
    if (code !== 'ENDORSEMENT_POLICY_FAILURE') return;
    this.#watch.outdate();
    for (const mspId of badEndorsers(envelope)) {
      for (const { client } of this.#options.nodes.peersOf(mspId)) this.#standing.lied(client);
    }
  }

  /**
   * Organisations that submit little see too that the validator does not serve, or the others' votes would never be enough to pass
   * it over. What is asked is a vote to skip, which nobody sends on.
   */
  #startPatrol(): NodeJS.Timeout | undefined {
    const { patrolEveryMs, signal } = this.#options;
    if (patrolEveryMs === 0 || signal.aborted) return undefined;
    const timer = setInterval(() => {
      const table = this.known?.table;
      if (table === undefined || table.validator === '') return;
      if (this.#care.unseenForMs < patrolEveryMs) return;
      void this.#probe(table);
    }, patrolEveryMs).unref();
    signal.addEventListener('abort', () => {
      clearInterval(timer);
    });
    return timer;
  }

  async #probe({ validator, epoch }: StakeTable): Promise<void> {
    const { propose, signal } = this.#options;
    const proposal = propose('Stake:SkipValidator', [validator, String(epoch), 'a probe']);
    try {
      await this.#endorsing.probe(proposal, PROBE_WITHIN_MS);
    } catch (error) {
      // Nobody can be reached, which every transaction will tell.
      if (!(error instanceof LedgerError) && !signal.aborted) throw error;
    }
  }

  #newDesk(): CaseDesk {
    const { submit, notice, signal } = this.#options;
    return new CaseDesk({
      signal,
      file: (report: MisconductReport) =>
        submit('Stake:ReportMisconduct', [JSON.stringify(report)]),
      isWorthReporting: (finding) => this.known?.isWorthReporting(finding) !== false,
      onFound: ({ finding: { accused, kind, id, transactionId } }) => {
        notice({ kind: 'misconduct-found', accused, misconduct: kind, case: id, transactionId });
      },
      onFiled: ({ finding: { accused, kind, id } }, code) => {
        notice({ kind: 'misconduct-filed', accused, misconduct: kind, case: id, code });
      },
    });
  }

  #newCare(): ValidatorCare {
    const { submit, notice, signal } = this.#options;
    return new ValidatorCare({
      isNeeded: (validator, epoch) => this.#isSeated(validator, epoch),
      pause: (milliseconds) => pauseUntil(signal, milliseconds),
      vote: (validator, epoch, reason) =>
        submit('Stake:SkipValidator', [validator, String(epoch), reason]),
      onVote: (vote) => {
        notice({ kind: 'skip-voted', ...vote });
      },
    });
  }

  /** By a table that is read now. */
  async #isSeated(validator: string, epoch: number): Promise<boolean> {
    this.#watch.outdate();
    const table = (await this.#watch.policy())?.table;
    return table?.validator === validator && table.epoch === epoch;
  }
}
