/**
 * Proofs by the ledger in one session (docs/protocol.md §6.3 steps 2 and 8, §6.5 step 4, §7.3): asks with a fresh challenge,
 * fetches the answer's proof set, weighs it, and follows links where the validator set has moved meanwhile. What proves
 * nothing is counted and told.
 */
import { BlobReceiver } from '../protocol/blob-receiver.ts';
import { ProofError } from '../protocol/proof-errors.ts';
import type { ReleaseStatement } from '../protocol/proof-statements.ts';
import type { ReleaseVerdict } from '../protocol/proof-verification.ts';
import { challengeLapsed, closeQuery, wantProof } from '../protocol/update-device.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../wire/bytes.ts';
import { LINKS_MOST } from '../wire/limits.ts';
import { BlobKind, CloseCode, ResultCode } from '../wire/message-types.ts';
import type { BlobRef, Message } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import { PROOF_BLOB_BYTES } from '../wire/proof-set.ts';
import type { DeviceServices, SessionLink } from './session-link.ts';

/** An answer that has to prove itself. */
export type ProvableAnswer =
  | { readonly kind: 'none'; readonly why: number }
  | { readonly kind: 'offer'; readonly manifest: BlobRef };

/** Called with an answer and what the ledger says, once it is believed. */
export type TakeProven = (answer: ProvableAnswer, statement: ReleaseStatement) => Promise<void>;

interface Question {
  readonly answer: ProvableAnswer;
  readonly challenge: Uint8Array;
}

type Stage =
  | { readonly kind: 'idle' }
  | ({ readonly kind: 'fetching'; readonly blob: BlobReceiver } & Question)
  /** The set has moved, or may have: the next link is awaited. */
  | ({
      readonly kind: 'linking';
      readonly proofs: Uint8Array;
      readonly name: Uint8Array;
      readonly cause: ProofError;
    } & Question);

const IDLE: Stage = { kind: 'idle' };
/** §6.6, step 4: a piece, or a link, in 60 s. */
const PIECE_SECONDS = 60;

/** See the module comment. */
export class ProofService {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #take: TakeProven;
  #stage: Stage = IDLE;
  #since = 0;
  #links = 0;

  constructor(device: DeviceServices, link: SessionLink, take: TakeProven) {
    this.#device = device;
    this.#link = link;
    this.#take = take;
  }

  /** True for an end node with a ledger: it installs nothing, and believes no "current", without a proof. */
  get required(): boolean {
    return this.#device.code.witness !== null && this.#device.memory.keys.ledger !== null;
  }

  get active(): boolean {
    return this.#stage.kind !== 'idle';
  }

  /** True while a link has been asked for. */
  get linking(): boolean {
    return this.#stage.kind === 'linking';
  }

  /** Propagation, step 4: proof-want with a fresh challenge. */
  async want(): Promise<void> {
    const { updates, code, random } = this.#device;
    await this.newChallenge();
    const { state, want } = wantProof(updates.state, code.challenge(random), this.#now());
    updates.state = state;
    this.#link.send(want);
  }

  /** To be called before a challenge is made: the last one must have been answered. */
  async newChallenge(): Promise<void> {
    if (this.#device.updates.state.challenge === null) return;
    await this.missing('the last challenge had no answer');
  }

  /** Fetches what is to prove an answer to a challenge that is used up by it. */
  async fetch(answer: ProvableAnswer, ref: BlobRef | false, challenge: Uint8Array): Promise<void> {
    const { updates } = this.#device;
    updates.state = closeQuery(updates.state);
    const right = ref !== false && ref.kind === BlobKind.proofSet;
    if (!right || ref.size === 0 || ref.size > PROOF_BLOB_BYTES) {
      this.#link.send(refusal(answer));
      await this.missing('an answer came without a proof');
      return;
    }
    const blob = new BlobReceiver(ref.sha256, ref.size, this.#link.session.fmax);
    this.#enter({ kind: 'fetching', blob, answer, challenge });
    this.#link.send(blob.want());
  }

  /** True when a blob's name is that of the proof set under way. */
  expects(name: Uint8Array): boolean {
    return this.#stage.kind === 'fetching' && equalBytes(this.#stage.blob.sha256, name);
  }

  async blob(piece: Extract<Message, { type: 'blob' }>): Promise<void> {
    const stage = this.#stage;
    const progress =
      stage.kind === 'fetching' ? stage.blob.take(piece) : { kind: 'false' as const };
    this.#since = this.#now();
    if (progress.kind === 'want') this.#link.send(progress.want);
    if (progress.kind === 'false') this.#link.end({ kind: 'closed', code: CloseCode.failed });
    if (progress.kind !== 'whole' || stage.kind !== 'fetching') return;
    const { answer, challenge } = stage;
    const name = stage.blob.sha256;
    if (equalBytes(sha256(progress.bytes), name)) {
      await this.#judge({ answer, challenge }, progress.bytes, name);
    } else {
      const cause = new ProofError('PROOF_MALFORMED', 'the proof set has another digest');
      await this.#refuse(name, cause, ResultCode.chunkOrDigest);
    }
  }

  /** A link, or a set of the vendor's, was taken: the proof is weighed again. */
  async setMoved(): Promise<void> {
    const stage = this.#stage;
    if (stage.kind === 'linking') await this.#judge(stage, stage.proofs, stage.name);
  }

  /** M has no link, or a false one. */
  async noLink(): Promise<void> {
    const stage = this.#stage;
    if (stage.kind === 'linking') await this.#refuse(stage.name, stage.cause);
  }

  /** True when M is too slow, or an answer has not come in 300 s: {@link giveUp} is due. */
  get overdue(): boolean {
    return this.#isStalled || challengeLapsed(this.#device.updates.state, this.#now());
  }

  async giveUp(): Promise<void> {
    if (this.#isStalled) this.#link.end({ kind: 'closed', code: CloseCode.deadline });
    else if (this.overdue) await this.missing('a challenge had no answer in time');
  }

  get #isStalled(): boolean {
    return this.active && this.#now() - this.#since > PIECE_SECONDS;
  }

  /** The session has ended: a proof on its way has not come. */
  async end(): Promise<void> {
    if (!this.active) return;
    this.#stage = IDLE;
    await this.missing('the session ended before the proof was there');
  }

  /** An answer that proved nothing: counted, and told when it is the third in a row (§6.3). */
  async unproven(error: ProofError): Promise<void> {
    const { updates, memory, emit } = this.#device;
    updates.state = closeQuery(updates.state);
    const inARow = await memory.countProof(false);
    const { code, message, dropped } = error;
    emit('unproven', { code, reason: message, dropped, inARow });
  }

  async #judge(
    { answer, challenge }: Question,
    proofs: Uint8Array,
    name: Uint8Array,
  ): Promise<void> {
    const { code, memory, identity } = this.#device;
    const { ledger } = memory.keys;
    if (code.witness === null || ledger === null) return;
    let verdict: ReleaseVerdict;
    try {
      const question = { model: identity.model, challenge };
      verdict = code.witness.weigh(proofs, question, ledger.validators);
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      // Where most certificates have changed at once, not even a right answer wins under the old set.
      if (error.code !== 'PROOF_NOT_WON') await this.#refuse(name, error);
      else await this.#askLink({ answer, challenge, proofs, name, cause: error });
      return;
    }
    if (verdict.kind === 'set-moved') {
      const message = `expected links to set ${verdict.statement.epoch}`;
      const cause = new ProofError('PROOF_NOT_WON', message);
      await this.#askLink({ answer, challenge, proofs, name, cause });
      return;
    }
    await this.#believe({ answer, challenge }, verdict.statement, name);
  }

  async #believe(
    { answer }: Question,
    statement: ReleaseStatement,
    name: Uint8Array,
  ): Promise<void> {
    const { memory, emit } = this.#device;
    const fault = contradiction(answer, statement, memory.image);
    if (fault !== null) {
      await this.#refuse(name, fault);
      return;
    }
    this.#stage = IDLE;
    await memory.sawLedgerTime(statement.time);
    // An offer has proven itself when its manifest turns out to be the one named.
    if (answer.kind === 'none') await memory.countProof(true);
    this.#link.send({ type: 'done', sha256: name, code: ResultCode.good });
    const { epoch, gen, seq, time } = statement;
    emit('proven', { epoch, gen, seq, time });
    await this.#take(answer, statement);
  }

  /** M knows a link by the set that it leads away from. */
  async #askLink(parts: Omit<Extract<Stage, { kind: 'linking' }>, 'kind'>): Promise<void> {
    const { ledger } = this.#device.memory.keys;
    this.#links += 1;
    if (ledger === null || this.#links > LINKS_MOST) {
      await this.#refuse(parts.name, parts.cause);
      return;
    }
    this.#enter({ kind: 'linking', ...parts });
    const name = sha256(ledger.validators);
    this.#link.send({ type: 'want', sha256: name, from: 0, credit: 1, paths: false });
  }

  async #refuse(
    name: Uint8Array,
    error: ProofError,
    code: number = ResultCode.proofsMissingOrStale,
  ): Promise<void> {
    this.#stage = IDLE;
    this.#link.send({ type: 'done', sha256: name, code });
    await this.unproven(error);
  }

  /** An answer, or the lack of one, that has no proof at all. */
  async missing(reason: string): Promise<void> {
    await this.unproven(new ProofError('PROOF_MISSING', reason));
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.#since = this.#now();
  }

  #now(): number {
    return this.#device.clock.now();
  }
}

/** What an answer says and the ledger does not. */
function contradiction(
  answer: ProvableAnswer,
  { gen, seq, manifest }: ReleaseStatement,
  own: { readonly gen: number; readonly seq: number },
): ProofError | null {
  if (answer.kind === 'offer') {
    if (manifest !== '') return null;
    return new ProofError('RELEASE_NOT_APPROVED', 'expected a release, the ledger names none');
  }
  // "Current" is believed only where nothing above D's own is approved.
  const above = gen > own.gen || (gen === own.gen && seq > own.seq);
  if (manifest === '' || !above) return null;
  const message = `expected nothing above ${own.gen}.${own.seq}, the ledger names ${gen}.${seq}`;
  return new ProofError('RELEASE_HIDDEN', message);
}

function refusal({ kind }: ProvableAnswer): Message {
  const re = messageNumber[kind === 'none' ? 'upd-none' : 'upd-offer'];
  return { type: 'error', re, code: ResultCode.proofsMissingOrStale };
}
