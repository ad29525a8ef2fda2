/**
 * Collects endorsements for a set of layouts (Fabric, gateway/endorsement): all peers of a layout at once, the next peer of a group
 * in place of one that fails, the next layout when a group has nobody left. What was endorsed counts for the later layouts, too.
 */
import type { peer } from '@hyperledger/fabric-protos';

import type { EndorsementLayouts } from '../discovery/layouts.ts';
import type { OrganisationSet } from '../discovery/organisation-sets.ts';
import { LIMITS } from '../limits.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { ask, detailOf } from './asking.ts';
import type { ErrorDetail } from './rpc-error.ts';

export interface Endorsed {
  /** Serialised peer.ProposalResponsePayload, the same from all. */
  readonly responsePayload: Uint8Array;
  readonly endorsements: readonly peer.Endorsement[];
}

export interface CollectionOptions {
  /** Serialised peer.SignedProposal. */
  readonly signed: Uint8Array;
  /** The height that peers should have: what the client may have heard of by now, all of them should know. */
  readonly height: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export class Collection {
  readonly #options: CollectionOptions;
  /** Peers that were not asked yet, by group. */
  readonly #left: Map<string, Neighbour[]>;
  readonly #layouts: readonly OrganisationSet[];
  readonly #endorsements = new Map<string, peer.Endorsement[]>();
  readonly #details: ErrorDetail[] = [];
  #responsePayload: Uint8Array | undefined;

  constructor(options: CollectionOptions, { groups, layouts }: EndorsementLayouts) {
    this.#options = options;
    this.#left = new Map([...groups].map(([group, peers]) => [group, [...peers]]));
    this.#layouts = layouts;
  }

  /** What went wrong so far, by peer. */
  get details(): readonly ErrorDetail[] {
    return this.#details;
  }

  /** Takes an answer that was got before. @returns whether it agrees with the others. */
  take(endorser: Neighbour, response: peer.ProposalResponse): boolean {
    const group = endorser.mspId;
    const left = this.#left.get(group) ?? [];
    this.#left.set(
      group,
      left.filter((other) => other !== endorser),
    );
    const payload = response.getPayload_asU8();
    this.#responsePayload ??= payload;
    if (Buffer.compare(payload, this.#responsePayload) !== 0) {
      this.#details.push(detailOf(endorser, 'ProposalResponsePayloads do not match'));
      return false;
    }
    const endorsement = response.getEndorsement();
    if (endorsement) {
      this.#endorsements.set(group, [...this.#endorsed(group), endorsement]);
    }
    return true;
  }

  /** @returns undefined when no layout could be filled. @throws the signal's reason */
  async collect(): Promise<Endorsed | undefined> {
    for (const layout of this.#layouts) {
      if (await this.#fill(layout)) {
        const endorsements = [...layout].flatMap(([group, count]) =>
          this.#endorsed(group).slice(0, count),
        );
        return { responsePayload: this.#responsePayload ?? new Uint8Array(), endorsements };
      }
    }
    return undefined;
  }

  async #fill(layout: OrganisationSet): Promise<boolean> {
    const missing = [...layout].map(([group, count]): [string, number] => [
      group,
      count - this.#endorsed(group).length,
    ]);
    if (missing.some(([group, count]) => count > (this.#left.get(group)?.length ?? 0))) {
      return false;
    }
    const asked = missing.flatMap(([group, count]) =>
      Array.from({ length: Math.max(0, count) }, () => this.#askGroup(group)),
    );
    return (await Promise.all(asked)).every((filled) => filled);
  }

  async #askGroup(group: string): Promise<boolean> {
    const left = this.#left.get(group) ?? [];
    for (let endorser = left.shift(); endorser; endorser = left.shift()) {
      await this.#align(endorser);
      const { response, refusal } = await ask(endorser, this.#options.signed);
      if (refusal) {
        this.#details.push(detailOf(endorser, refusal.message));
      } else if (this.take(endorser, response)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Gives a peer a moment to commit what the first one has. Otherwise a client that submits one transaction after the other would
   * now and then get answers that do not match. One that is too slow is asked all the same.
   */
  async #align(endorser: Neighbour): Promise<void> {
    const { signal, height } = this.#options;
    signal.throwIfAborted();
    if (endorser.height < height) {
      const patience = AbortSignal.timeout(LIMITS.alignMs);
      await endorser.reach(height - 1, patience).catch(() => undefined);
      signal.throwIfAborted();
    }
  }

  #endorsed(group: string): readonly peer.Endorsement[] {
    return this.#endorsements.get(group) ?? [];
  }
}
