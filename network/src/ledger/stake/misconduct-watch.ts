/**
 * Compares what peers sign: whenever answers to one proposal differ, and from time to time by asking the same peers again, since who
 * says two things seldom says both to the first question. Comparing is bounded in time: one lie convicts as well as a hundred.
 */
import type { Court } from '@lamplighter/chaincode/stake';

import type { PeerNode } from '../nodes.ts';
import type { SignedProposal } from '../proposal.ts';
import type { CaseDesk } from './case-desk.ts';
import type { Inquiry } from './inquiry.ts';
import { findMisconduct } from './misconduct.ts';
import type { StakePolicy } from './stake-policy.ts';

const COMPARE_EVERY_MS = 100;
/** For the second answers. */
const AUDIT_WITHIN_MS = 5_000;

export interface MisconductWatchOptions {
  readonly court: Court;
  readonly desk: CaseDesk;
  readonly policy: () => StakePolicy | null;
  /** How often a proposal is sent twice, milliseconds; 0 for never. */
  readonly auditEveryMs: number;
  readonly now?: () => number;
}

export class MisconductWatch {
  readonly #options: MisconductWatchOptions;
  readonly #now: () => number;
  #comparedAt = -Infinity;
  #auditedAt: number;

  constructor(options: MisconductWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#auditedAt = -Infinity;
  }

  compare(proposal: SignedProposal, inquiry: Inquiry): void {
    const policy = this.#options.policy();
    const now = this.#now();
    if (policy === null || now - this.#comparedAt < COMPARE_EVERY_MS) return;
    this.#comparedAt = now;
    const { court, desk } = this.#options;
    const { responses } = inquiry;
    const passes = (mspIds: readonly string[]): boolean => policy.passes(mspIds);
    desk.add(findMisconduct({ proposal, responses, court, passes }));
  }

  /** Asks again, when it is time; nobody waits for it. */
  audit(proposal: SignedProposal, inquiry: Inquiry, peers: readonly PeerNode[]): void {
    const { auditEveryMs } = this.#options;
    const now = this.#now();
    if (auditEveryMs === 0 || now - this.#auditedAt < auditEveryMs || !inquiry.isIdle) return;
    this.#auditedAt = now;
    void this.#askAgain(proposal, inquiry, peers);
  }

  async #askAgain(
    proposal: SignedProposal,
    inquiry: Inquiry,
    peers: readonly PeerNode[],
  ): Promise<void> {
    const before = inquiry.responses.length;
    inquiry.ask(peers);
    await inquiry.until(() => inquiry.isIdle, AUDIT_WITHIN_MS);
    if (inquiry.responses.length > before) this.compare(proposal, inquiry);
  }
}
