/**
 * Collects endorsements for a set of layouts (Fabric, gateway/endorsement): all peers of a layout at once, the next peer of a group
 * in place of one that fails, the next layout when a group has nobody left. What was endorsed counts for the later layouts, too.
 */
import type { peer } from '@hyperledger/fabric-protos';

import type { EndorsementLayouts } from '../discovery/layouts.ts';
import type { OrganisationSet } from '../discovery/organisation-sets.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { ask, detailOf } from './asking.ts';
import type { ErrorDetail } from './rpc-error.ts';

export interface Endorsed {
  /** Serialised peer.ProposalResponsePayload, the same from all. */
  readonly responsePayload: Uint8Array;
  readonly endorsements: readonly peer.Endorsement[];
}

export class Collection {
  readonly #signedProposal: Uint8Array;
  /** Peers that were not asked yet, by group. */
  readonly #left: Map<string, Neighbour[]>;
  readonly #layouts: readonly OrganisationSet[];
  readonly #endorsements = new Map<string, peer.Endorsement[]>();
  readonly #details: ErrorDetail[] = [];
  #responsePayload: Uint8Array | undefined;

  constructor(signedProposal: Uint8Array, { groups, layouts }: EndorsementLayouts) {
    this.#signedProposal = signedProposal;
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

  /** @returns undefined when no layout could be filled. */
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
      const { response, refusal } = await ask(endorser, this.#signedProposal);
      if (refusal) {
        this.#details.push(detailOf(endorser, refusal.message));
      } else if (this.take(endorser, response)) {
        return true;
      }
    }
    return false;
  }

  #endorsed(group: string): readonly peer.Endorsement[] {
    return this.#endorsements.get(group) ?? [];
  }
}
