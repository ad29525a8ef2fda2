/** One proposal and what peers answer to it, in as many rounds as it takes. A peer that has not answered yet is not asked again. */
import { setTimeout as delay } from 'node:timers/promises';

import { msp } from '@hyperledger/fabric-protos';
import type { ResponseBytes } from '@lamplighter/chaincode/stake';

import { plainView } from '../../embedded/wire/fields.ts';
import type { NodeClient } from '../node-client.ts';
import { processProposal, toError, type PeerNode } from '../nodes.ts';
import type { ProposalAnswer } from '../proposal-answer.ts';
import type { PeerAnswer } from './answer-weighing.ts';

/** Signed answers that are kept for comparison. */
const MOST_RESPONSES = 128;

export interface InquiryOptions {
  /** Serialised peer.SignedProposal. */
  readonly message: Uint8Array;
  /** For one peer. */
  readonly timeoutMs: number;
}

export class Inquiry {
  readonly #options: InquiryOptions;
  readonly #pending = new Set<PeerNode>();
  readonly #answers = new Map<PeerNode, PeerAnswer>();
  readonly #failures = new Map<PeerNode, Error>();
  readonly #responses: ResponseBytes[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(options: InquiryOptions) {
    this.#options = options;
  }

  /** The newest answer of each peer. */
  get answers(): readonly PeerAnswer[] {
    return [...this.#answers.values()];
  }

  /** Why those that gave no answer did not. */
  get failures(): readonly Error[] {
    return [...this.#failures.values()];
  }

  /** Everything that was signed, earlier rounds included. */
  get responses(): readonly ResponseBytes[] {
    return this.#responses;
  }

  get pending(): ReadonlySet<PeerNode> {
    return this.#pending;
  }

  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  answerOf(peer: PeerNode): ProposalAnswer | undefined {
    return this.#answers.get(peer)?.answer;
  }

  ask(peers: readonly PeerNode[]): void {
    for (const peer of peers) {
      if (!this.#pending.has(peer)) void this.#ask(peer);
    }
  }

  /** Resolves when something is so, which is looked at after each answer, or when the time is over. */
  async until(isSo: () => boolean, withinMs: number): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(end, withinMs);
      const check = (): void => {
        if (isSo()) end();
      };
      this.#waiting.add(check);
    });
  }

  async #ask(peer: PeerNode): Promise<void> {
    this.#pending.add(peer);
    const { message, timeoutMs } = this.#options;
    try {
      const answer = await processProposal(peer.client, message, timeoutMs);
      this.#take(peer, answer);
    } catch (error) {
      this.#failures.set(peer, toError(error));
    }
    this.#pending.delete(peer);
    for (const check of this.#waiting) check();
  }

  #take(peer: PeerNode, answer: ProposalAnswer): void {
    const { endorsement, payload } = answer;
    if (endorsement !== undefined) {
      assertEndorser(peer, endorsement.endorser);
      if (this.#responses.length < MOST_RESPONSES)
        this.#responses.push({ payload, ...endorsement });
    }
    this.#answers.set(peer, { mspId: peer.mspId, answer });
    this.#failures.delete(peer);
  }
}

/** The identity each peer endorsed under last: read again only when it changes. */
const endorsers = new WeakMap<NodeClient, Uint8Array>();

/** @throws {Error} when a peer answers in another organisation's name */
function assertEndorser({ mspId, client }: PeerNode, endorser: Uint8Array): void {
  const known = endorsers.get(client);
  if (known !== undefined && Buffer.compare(known, endorser) === 0) return;
  const claimed = msp.SerializedIdentity.deserializeBinary(plainView(endorser)).getMspid();
  if (claimed !== mspId) {
    throw new Error(`${client.name} of ${mspId} answered in the name of ${claimed}`);
  }
  endorsers.set(client, endorser);
}

/** @throws the reason of the signal that ends it early */
export async function pause(
  milliseconds: number,
  ...ending: readonly (AbortSignal | undefined)[]
): Promise<void> {
  const signal = AbortSignal.any(ending.filter((one) => one !== undefined));
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
