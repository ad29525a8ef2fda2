/**
 * Signed answers of organisations' peers to one query (protocol §7.3): what a device believes of the ledger without believing
 * who brings it. All peers are asked with the same proposal, and nothing is submitted.
 */
import { common } from '@hyperledger/fabric-protos';
import type { ProofResponse } from '@lamplighter/sdk/wire';

import { plainView } from '../embedded/wire/fields.ts';
import { errorOfResponse, errorOfTransport } from './failures.ts';
import type { TransactionName } from './ledger.ts';
import { reachable, type PeerNode } from './nodes.ts';
import type { SignedProposal } from './proposal.ts';
import { isRefusal } from './stake/answer-weighing.ts';
import { Inquiry } from './stake/inquiry.ts';

export interface AskOptions {
  /** Looked at after each answer, with all that came so far: true ends the waiting. @default when all have answered */
  readonly enough?: (responses: readonly ProofResponse[]) => boolean;
  readonly signal?: AbortSignal;
}

/** Where proofs come from. */
export interface ProofSource {
  readonly channel: string;
  /** Name of the chaincode that answers. */
  readonly chaincode: string;
  /**
   * The signed answers, one a peer, in the order they came. What they are worth is for the caller to judge.
   *
   * @throws LedgerError the contract's code when every peer refuses; UNAVAILABLE, TIMEOUT, CLOSED
   */
  ask(
    transaction: TransactionName,
    args: readonly string[],
    options?: AskOptions,
  ): Promise<readonly ProofResponse[]>;
}

export interface ProofSourceParts {
  readonly channel: string;
  readonly chaincode: string;
  readonly peers: () => readonly PeerNode[];
  readonly propose: (transaction: string, args: readonly string[]) => SignedProposal;
  /** Resolves when these peers have the blocks that this client has seen, or have had the time to. */
  readonly caughtUp: (peers: readonly PeerNode[]) => Promise<unknown>;
  /** For a peer to answer. */
  readonly timeoutMs: number;
  /** Ends what is under way. */
  readonly closing: AbortSignal;
}

/** {@link ProofSource} over the peers of a profile. */
export class PeerProofs implements ProofSource {
  readonly channel: string;
  readonly chaincode: string;
  readonly #parts: ProofSourceParts;

  constructor(parts: ProofSourceParts) {
    this.channel = parts.channel;
    this.chaincode = parts.chaincode;
    this.#parts = parts;
  }

  async ask(
    transaction: TransactionName,
    args: readonly string[],
    { enough = () => false, signal }: AskOptions = {},
  ): Promise<readonly ProofResponse[]> {
    const { closing, propose, caughtUp, timeoutMs } = this.#parts;
    closing.throwIfAborted();
    signal?.throwIfAborted();
    const peers = await reachable(this.#parts.peers());
    await caughtUp(peers);
    const proposal = propose(transaction, args);
    const inquiry = new Inquiry({ message: proposal.message, timeoutMs });
    inquiry.ask(peers);
    const ended = (): boolean =>
      inquiry.isIdle || closing.aborted || enough(responsesOf(proposal, inquiry));
    await inquiry.until(ended, timeoutMs);
    closing.throwIfAborted();
    signal?.throwIfAborted();
    const responses = responsesOf(proposal, inquiry);
    if (responses.length > 0) return responses;
    throw failureOf(inquiry, proposal.transactionId);
  }
}

/** Refusals are not signed, and prove nothing. */
function responsesOf({ header, payload }: SignedProposal, inquiry: Inquiry): ProofResponse[] {
  const decoded = common.Header.deserializeBinary(plainView(header));
  const chdr = decoded.getChannelHeader_asU8();
  const shdr = decoded.getSignatureHeader_asU8();
  return inquiry.answers.flatMap(({ answer }) => {
    const { endorsement } = answer;
    if (isRefusal(answer) || endorsement === undefined) return [];
    const { endorser, signature: sig } = endorsement;
    // The proposal's payload never has a TransientMap: contracts refuse one.
    return [{ chdr, shdr, ccpp: payload, payload: answer.payload, endorser, sig }];
  });
}

function failureOf(inquiry: Inquiry, transactionId: string): Error {
  const [refused] = inquiry.answers;
  return refused === undefined
    ? errorOfTransport(inquiry.failures, transactionId)
    : errorOfResponse(refused.answer, transactionId);
}
