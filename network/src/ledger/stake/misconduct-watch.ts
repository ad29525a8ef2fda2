/**
 * Compares what peers sign: whenever answers to one proposal differ, and from time to time by asking the same peers again, since who
 * says two things seldom says both to the first question. Comparing is bounded in time: one lie convicts as well as a hundred.
 */
import type { Court, ResponseBytes } from '@lamplighter/chaincode/stake';

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

  /**
   * Answers differ. All are asked again before anything is reported: one answer convicts once, and of equivocation if it can.
   * Nobody waits for it.
   */
  suspect(proposal: SignedProposal, inquiry: Inquiry, peers: readonly PeerNode[]): void {
    const now = this.#now();
    if (now - this.#comparedAt < COMPARE_EVERY_MS) return;
    this.#comparedAt = now;
    void this.#askAgain(proposal, inquiry, peers);
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
    const policy = this.#options.policy();
    if (policy === null) return;
    inquiry.ask(peers.filter(({ mspId }) => policy.hears(mspId)));
    await inquiry.until(() => inquiry.isIdle, AUDIT_WITHIN_MS);
    this.#compare(proposal, inquiry);
  }

  #compare(proposal: SignedProposal, { responses }: Inquiry): void {
    const policy = this.#options.policy();
    if (policy === null || !differ(responses)) return;
    const { court, desk } = this.#options;
    const passes = (mspIds: readonly string[]): boolean => policy.passes(mspIds);
    const cases = findMisconduct({ proposal, responses, court, passes });
    desk.add(cases.filter(({ finding }) => policy.isWorthReporting(finding)));
  }
}

/** Spares the reading of what is the same, byte for byte. */
function differ(responses: readonly ResponseBytes[]): boolean {
  const [first] = responses;
  return responses.some((one) => first && Buffer.compare(one.payload, first.payload) !== 0);
}
