/** Whom a gateway may ask: the peers of its channel, its own first (Fabric, gateway/registry). */
import { randomInt } from 'node:crypto';

import { status } from '@grpc/grpc-js';

import { messageOf } from '../errors.ts';
import type { Interest } from '../discovery/interest.ts';
import type { EndorsementLayouts, LayoutFinder } from '../discovery/layouts.ts';
import { available, SYSTEM_CHAINCODES, type Neighbour } from '../peer/neighbour.ts';
import { RpcError } from './rpc-error.ts';

export interface TargetsOptions {
  readonly channel: string;
  /** The peer that the gateway belongs to. */
  readonly own: Neighbour;
  /** All peers of the channel. */
  readonly neighbours: readonly Neighbour[];
  readonly finder: LayoutFinder;
}

export class Targets {
  readonly #options: TargetsOptions;

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  get own(): Neighbour {
    return this.#options.own;
  }

  /** @throws {@link RpcError} UNAVAILABLE, as a real gateway fails to connect to such a channel's peers. */
  assertChannel(channel: string): void {
    if (!this.isChannel(channel)) {
      throw new RpcError(
        status.UNAVAILABLE,
        `failed to get config for channel [${channel}]: could not get last config for channel ${channel}`,
      );
    }
  }

  /** @throws {@link RpcError} FAILED_PRECONDITION when the channel is not this one. */
  assertEndorsable(channel: string, chaincode: string): void {
    if (!this.isChannel(channel)) {
      throw noCombination(`No metadata was found for chaincode ${chaincode} in channel ${channel}`);
    }
  }

  isChannel(channel: string): boolean {
    return channel === this.#options.channel;
  }

  /**
   * Peers in the order to ask them: own organisation, then others.
   *
   * @param organisations - those allowed; empty for all.
   */
  async forEvaluation(
    chaincode: string,
    organisations: readonly string[],
  ): Promise<readonly Neighbour[]> {
    const able = await this.#ableTo(chaincode);
    const allowed = able.filter(
      ({ mspId }) => organisations.length === 0 || organisations.includes(mspId),
    );
    const isOwn = ({ mspId }: Neighbour): boolean => mspId === this.own.mspId;
    return [...allowed.filter(isOwn), ...allowed.filter((neighbour) => !isOwn(neighbour))];
  }

  /**
   * One layout with a peer of each organisation: the client answers for the policy.
   *
   * @returns also the organisations that have no peer for it.
   */
  async ofOrganisations(
    chaincode: string,
    organisations: readonly string[],
  ): Promise<EndorsementLayouts & { readonly missing: readonly string[] }> {
    const able = await this.#ableTo(chaincode);
    const wanted = [...new Set(organisations)];
    const groups = wanted.map((mspId): [string, readonly Neighbour[]] => [
      mspId,
      able.filter((neighbour) => neighbour.mspId === mspId),
    ]);
    return {
      groups: new Map(groups),
      layouts: [new Map(wanted.map((mspId) => [mspId, 1]))],
      missing: groups.filter(([, peers]) => peers.length === 0).map(([mspId]) => mspId),
    };
  }

  /**
   * Layouts that satisfy the policies of what a transaction touches: those with the own organisation first, otherwise in random
   * order, so that the work is spread.
   *
   * @throws {@link RpcError} FAILED_PRECONDITION
   */
  async forInterest(interest: Interest, preferred?: string): Promise<EndorsementLayouts> {
    const { finder, neighbours } = this.#options;
    try {
      const peers = available(neighbours, this.own);
      const { groups, layouts } = await finder.find(interest, peers, this.own);
      const shuffled = shuffle(layouts);
      const isPreferred = (layout: ReadonlyMap<string, number>): boolean =>
        preferred !== undefined && layout.has(preferred);
      return {
        groups,
        layouts: [
          ...shuffled.filter(isPreferred),
          ...shuffled.filter((layout) => !isPreferred(layout)),
        ],
      };
    } catch (error) {
      throw noCombination(messageOf(error));
    }
  }

  async #ableTo(chaincode: string): Promise<readonly Neighbour[]> {
    const { neighbours } = this.#options;
    const peers = available(neighbours, this.own);
    if (SYSTEM_CHAINCODES.has(chaincode)) {
      return peers;
    }
    const installed = await Promise.all(peers.map((neighbour) => neighbour.chaincodes()));
    return peers.filter((_, index) => installed[index]?.has(chaincode));
  }
}

function noCombination(reason: string): RpcError {
  return new RpcError(
    status.FAILED_PRECONDITION,
    `no combination of peers can be derived which satisfy the endorsement policy: ${reason}`,
  );
}

function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    const [left, right] = [shuffled[last], shuffled[other]] as [Item, Item];
    shuffled[last] = right;
    shuffled[other] = left;
  }
  return shuffled;
}
