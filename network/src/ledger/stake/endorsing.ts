/**
 * Gets a proposal endorsed. With a stake table: asks the validator and as few others as pass, weighs what comes, asks the rest when
 * it is not enough, and again until the validator serves or another one does; what convicts a peer goes to the desk. Without one all
 * are asked and the largest group of equal answers is taken.
 */
import { agreeing } from '../endorsements.ts';
import type { CommitFeed } from '../commit-feed.ts';
import { errorOfResponse, errorOfTransport } from '../failures.ts';
import { LedgerError } from '../ledger-error.ts';
import { reachable, type Nodes, type PeerNode } from '../nodes.ts';
import type { SignedProposal } from '../proposal.ts';
import type { ProposalAnswer } from '../proposal-answer.ts';
import { groupsOf, isRefusal, mspIdsOf, weighAnswers, type Weighed } from './answer-weighing.ts';
import { chooseEndorsers } from './endorser-choice.ts';
import { Inquiry, pause } from './inquiry.ts';
import type { MisconductWatch } from './misconduct-watch.ts';
import type { PeerStanding } from './peer-standing.ts';
import { needsValidator, type StakePolicy } from './stake-policy.ts';
import type { StakeWatch } from './stake-watch.ts';
import type { ValidatorCare, ValidatorTrouble } from './validator-care.ts';

/** For those asked first; then others are asked besides. */
const PATIENCE_MS = 1_500;
/** For the others, once there is enough. */
const GRACE_MS = 500;
/** For peers to come to the block that this client has seen. */
const CATCH_UP_MS = 300;
const PAUSES_MS: readonly number[] = [25, 50, 100, 200, 400];
const LAST_PAUSE_MS = 500;
/** Rounds for peers that answer differently, the validator not being what is missing. */
const MOST_ROUNDS = 6;

/** Weighed as one that needs the validator, whatever is asked. */
const PROBE = 'Stake:Probe';
/** A round in which everybody is asked. */
const ALL = 1;

export interface EndorsingParts {
  readonly nodes: Nodes;
  readonly feed: CommitFeed;
  readonly stake: StakeWatch;
  readonly standing: PeerStanding;
  readonly care: ValidatorCare;
  readonly watch: MisconductWatch;
  /** Number of the newest block that endorsers should have. */
  readonly seen: () => number;
  /** Ends what is under way. */
  readonly closing: AbortSignal;
}

export interface EndorsementRequest {
  readonly proposal: SignedProposal;
  readonly transaction: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export class Endorsing {
  readonly #parts: EndorsingParts;

  constructor(parts: EndorsingParts) {
    this.#parts = parts;
  }

  /**
   * @returns equal answers, enough to be valid by what the client knows
   * @throws LedgerError the contract's refusal; UNAVAILABLE, TIMEOUT, ENDORSEMENTS_DIFFER, CLOSED; the reason of the signal
   */
  async endorse(request: EndorsementRequest): Promise<readonly ProposalAnswer[]> {
    const { message, transactionId } = request.proposal;
    const inquiry = new Inquiry({ message, timeoutMs: request.timeoutMs });
    const deadline = Date.now() + request.timeoutMs;
    for (let round = 0; ; round++) {
      this.#requireWanted(request);
      const policy = await this.#parts.stake.policy();
      if (policy === null) return this.#byMajority(request, inquiry);
      const asked = await this.#ask(request, inquiry, policy, round);
      const weighed = weighAnswers(policy, request.transaction, inquiry.answers);
      this.#learn(request, inquiry, { policy, asked, weighed });
      if (weighed.kind === 'endorsed') return weighed.answers.map(({ answer }) => answer);
      this.#requireWanted(request);
      if (weighed.kind === 'refused') throw errorOfResponse(weighed.refusal, transactionId);
      const pauseMs = PAUSES_MS[round] ?? LAST_PAUSE_MS;
      const waitsForValidator = weighed.withoutValidator !== undefined;
      const isOver = !waitsForValidator && round + 1 >= MOST_ROUNDS;
      if (isOver || Date.now() + pauseMs > deadline) throw lackingError(weighed, inquiry, request);
      await pause(pauseMs, this.#parts.closing, request.signal);
    }
  }

  /** Asks all once and learns from it, for a proposal that is not to be submitted. */
  async probe(proposal: SignedProposal, timeoutMs: number): Promise<void> {
    const policy = await this.#parts.stake.policy();
    if (policy === null) return;
    const request = { proposal, transaction: PROBE, timeoutMs, signal: undefined };
    const inquiry = new Inquiry({ message: proposal.message, timeoutMs });
    const asked = await this.#ask(request, inquiry, policy, ALL);
    const weighed = weighAnswers(policy, PROBE, inquiry.answers);
    this.#learn(request, inquiry, { policy, asked, weighed });
  }

  #requireWanted({ signal }: EndorsementRequest): void {
    this.#parts.closing.throwIfAborted();
    signal?.throwIfAborted();
  }

  async #byMajority(
    { proposal, timeoutMs }: EndorsementRequest,
    inquiry: Inquiry,
  ): Promise<readonly ProposalAnswer[]> {
    const { nodes, feed, seen } = this.#parts;
    const peers = await reachable(nodes.peers);
    await feed.caughtUp(clientsOf(peers), seen(), CATCH_UP_MS);
    inquiry.ask(peers);
    const isMost = (): boolean => 2 * inquiry.answers.length > nodes.peers.length;
    await inquiry.until(() => inquiry.isIdle, Math.min(PATIENCE_MS, timeoutMs));
    await inquiry.until(() => inquiry.isIdle || isMost(), timeoutMs);
    const answers = inquiry.answers.map(({ answer }) => answer);
    if (answers.length > 0) return agreeing(answers, proposal.transactionId);
    throw errorOfTransport(inquiry.failures, proposal.transactionId);
  }

  /** @returns those whose answers were waited for */
  async #ask(
    { transaction }: EndorsementRequest,
    inquiry: Inquiry,
    policy: StakePolicy,
    round: number,
  ): Promise<readonly PeerNode[]> {
    const { feed, seen } = this.#parts;
    const connected = await this.#connected(policy, transaction);
    const peers = round === 0 ? this.#choose(policy, transaction, connected) : connected;
    await feed.caughtUp(clientsOf(peers), seen(), CATCH_UP_MS);
    inquiry.ask(peers);
    const isEnough = (): boolean =>
      weighAnswers(policy, transaction, inquiry.answers).kind !== 'lacking';
    // An earlier round's answers are not enough, so these are looked at as they come.
    await inquiry.until(() => inquiry.isIdle || isEnough(), PATIENCE_MS);
    if (!inquiry.isIdle && isEnough()) await inquiry.until(() => inquiry.isIdle, GRACE_MS);
    return peers;
  }

  /** Nobody waits for a peer that is being dialled while the others are enough. */
  async #connected(policy: StakePolicy, transaction: string): Promise<readonly PeerNode[]> {
    // Of organisations without a voice nothing is to be had or learnt.
    const peers = this.#parts.nodes.peers.filter(({ mspId }) => policy.hears(mspId));
    const connected = peers.filter(({ client }) => client.isConnected);
    const isEnough = policy.judge(transaction, mspIdsOf(connected)) === 'VALID';
    return isEnough ? connected : reachable(peers);
  }

  /** One peer of each organisation that is chosen. */
  #choose(
    policy: StakePolicy,
    transaction: string,
    connected: readonly PeerNode[],
  ): readonly PeerNode[] {
    const good = connected.filter(({ client }) => this.#parts.standing.isGood(client));
    const isEnough = policy.judge(transaction, mspIdsOf(good)) === 'VALID';
    const usable = isEnough ? good : connected;
    const { required, spare } = chooseEndorsers(policy.table, {
      available: new Set(usable.map(({ mspId }) => mspId)),
      validatorNeeded: needsValidator(transaction),
      draw: Math.random,
    });
    const chosen = spare === undefined ? required : [...required, spare];
    return chosen.flatMap((mspId) => {
      const peers = usable.filter((peer) => peer.mspId === mspId);
      return peers.slice(Math.floor(Math.random() * peers.length)).slice(0, 1);
    });
  }

  #learn(
    { proposal, transaction }: EndorsementRequest,
    inquiry: Inquiry,
    { policy, asked, weighed }: Round,
  ): void {
    const { standing, watch } = this.#parts;
    const agreed = agreedOf(weighed);
    for (const peer of asked) {
      const answer = inquiry.answerOf(peer);
      const isRight = answer !== undefined && agreed.includes(answer);
      if (isRight) standing.served(peer.client);
      else if (agreed.length > 0) standing.failed(peer.client);
    }
    if (needsValidator(transaction)) this.#learnOfValidator(policy, inquiry, weighed);
    const signed = inquiry.answers.filter(({ answer }) => !isRefusal(answer));
    if (groupsOf(signed).length > 1) watch.suspect(proposal, inquiry, asked);
    else if (weighed.kind === 'endorsed') watch.audit(proposal, inquiry, asked);
  }

  #learnOfValidator(policy: StakePolicy, inquiry: Inquiry, weighed: Weighed): void {
    const { care, nodes } = this.#parts;
    if (weighed.kind === 'refused') return;
    const { validator } = policy.table;
    const agreeing = weighed.kind === 'endorsed' ? weighed.answers : weighed.withoutValidator;
    if (agreeing === undefined) return;
    if (mspIdsOf(agreeing).includes(validator)) care.served();
    else care.failed(policy.table, troubleOf(nodes.peersOf(validator), inquiry));
  }
}

interface Round {
  readonly policy: StakePolicy;
  readonly asked: readonly PeerNode[];
  readonly weighed: Weighed;
}

/** What those agree on who hold the threshold. */
function agreedOf(weighed: Weighed): readonly ProposalAnswer[] {
  if (weighed.kind === 'refused') return [];
  const answers = weighed.kind === 'endorsed' ? weighed.answers : (weighed.withoutValidator ?? []);
  return answers.map(({ answer }) => answer);
}

function troubleOf(peers: readonly PeerNode[], inquiry: Inquiry): ValidatorTrouble {
  const answers = peers.flatMap((peer) => inquiry.answerOf(peer) ?? []);
  if (answers.length === 0) return 'silent';
  return answers.every(isRefusal) ? 'refuses' : 'disagrees';
}

function lackingError(
  { withoutValidator, groups, refusal }: Extract<Weighed, { kind: 'lacking' }>,
  inquiry: Inquiry,
  { proposal: { transactionId } }: EndorsementRequest,
): LedgerError {
  if (withoutValidator !== undefined) {
    const text = 'the validator did not endorse, and was not passed over in time';
    return new LedgerError('UNAVAILABLE', text, { transactionId });
  }
  if (groups > 1) {
    const text = `peers gave ${groups} different answers, none of which holds enough stake`;
    return new LedgerError('ENDORSEMENTS_DIFFER', text, { transactionId });
  }
  if (refusal !== undefined) return errorOfResponse(refusal, transactionId);
  if (inquiry.answers.length === 0) return errorOfTransport(inquiry.failures, transactionId);
  const text = 'the peers that answered hold too little stake';
  return new LedgerError('UNAVAILABLE', text, { transactionId, cause: inquiry.failures[0] });
}

function clientsOf(peers: readonly PeerNode[]): readonly PeerNode['client'][] {
  return peers.map(({ client }) => client);
}
