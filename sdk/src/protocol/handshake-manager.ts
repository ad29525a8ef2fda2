/**
 * M's side of the handshake (docs/protocol.md §3). The caller keeps one half-open handshake a kid, and stores what
 * {@link answerHello} returns, in memory at once and on disk, before Accept is sent.
 */
import { equalBytes, erase } from '../wire/bytes.ts';
import { chainContext, chainValue, encodeChainProof } from '../crypto/chain.ts';
import { ed25519Sign, ed25519Verify } from '../crypto/ed25519.ts';
import * as schedule from '../crypto/key-schedule.ts';
import { DUMMY_SUITE, suiteOf, type Suite } from '../crypto/suites.ts';
import { x25519PublicKey, x25519SharedSecret } from '../crypto/x25519.ts';
import { decodeChainKey } from '../wire/assignment.ts';
import { encodeFrame } from '../wire/frames.ts';
import { acceptBodyCodec, acceptCoreCodec, finishBodyCodec } from '../wire/handshake-bodies.ts';
import { helloCoreCodec, type FinishBody, type HelloCore } from '../wire/handshake-bodies.ts';
import { GENERATION_LOOK_AHEAD } from '../wire/limits.ts';
import { CloseCode, type DeviceState } from '../wire/message-types.ts';
import { chooseChainIndex, type ChainAlarm } from './chain-rules.ts';
import type { ManagedEpoch } from './epochs.ts';
import type { ProtocolErrorCode } from './errors.ts';
import { attempt, handshakeFrame, malformed, notAuthenticated } from './handshake-common.ts';
import { Once, sessionSigned } from './handshake-common.ts';
import { noticeFrames } from './notice.ts';
import { Session } from './session.ts';

const EMPTY = new Uint8Array(0);
const DUMMY_KEY = new Uint8Array(32);

/** A kid whose assignment was replaced (§2.3). */
export interface ReplacedKid {
  /** `signed` bytes of the assignment that replaces it. */
  readonly replacedBy: Uint8Array;
}

/** A kid that M gave out by `ticket` (§3.5). */
export interface ResumableKid {
  readonly resumes: ManagedEpoch;
  /** rs of the session that is resumed; the caller forgets it when the Hello is answered. */
  readonly rs: Uint8Array;
}

/** Finds what M knows of a kid. Synchronous, so that nothing comes between check and answer. */
export type KidLookup = (kid: Uint8Array) => ManagedEpoch | ReplacedKid | ResumableKid | undefined;

/** A Hello that passed every check of §3.1. */
export interface CheckedHello {
  readonly kind: 'accept';
  readonly epoch: ManagedEpoch;
  readonly core: HelloCore;
  /** Index of the chain value to be shown, 0 unless mauth 2. */
  readonly chainIndex: number;
  /** rs, when it resumes a session (§3.5). */
  readonly rs: Uint8Array | null;
  readonly h1: Uint8Array;
  readonly alarm?: ChainAlarm;
}

export type HelloVerdict =
  | CheckedHello
  | { readonly kind: 'resync'; readonly frame: Uint8Array; readonly closeCode: 4409 }
  | { readonly kind: 'notice'; readonly frames: readonly Uint8Array[]; readonly closeCode: 4410 }
  | {
      readonly kind: 'refuse';
      readonly closeCode: 4401;
      readonly reason: ProtocolErrorCode;
      /** Device whose key was right, with an alarm about its chain. */
      readonly device?: string;
      readonly alarm?: ChainAlarm;
    };

function refuse(
  reason: ProtocolErrorCode,
  chain: { readonly device: string; readonly alarm: ChainAlarm } | null = null,
): HelloVerdict {
  return { kind: 'refuse', closeCode: CloseCode.notAuthenticated, reason, ...chain };
}

/**
 * §3.1: the checks of M on Hello, in that order, up to and without public-key work.
 *
 * @param frame the whole message
 * @throws {@link ProtocolError} 4400 when frame or hello-core are not as §1 says
 */
export function checkHello(frame: Uint8Array, lookup: KidLookup): HelloVerdict {
  // §3.1: frame and sizes.
  const hello = handshakeFrame(frame, 'hello');
  const core = attempt(
    () => helloCoreCodec.decode(hello.core),
    (cause) => malformed('FRAME_MALFORMED', cause.message, cause),
  );
  // §3.1: kid known; a replaced one is answered right here.
  const found = lookup(core.kid);
  if (found !== undefined && 'replacedBy' in found) {
    return {
      kind: 'notice',
      frames: noticeFrames(found.replacedBy),
      closeCode: CloseCode.replaced,
    };
  }
  // §3.1: suite, epoch and fields as enrolled, then mac0; an unknown kid costs the same work.
  const { epoch, rs } = calledBy(found);
  const suite = suiteOf(epoch?.assignment.suite ?? DUMMY_SUITE);
  const mac = schedule.helloMac(suite, helloKey(suite, epoch, rs), hello.core);
  const right = equalBytes(mac, hello.mac0);
  if (epoch === undefined) return refuse('HELLO_UNKNOWN_KID');
  if (!isAsEnrolled(core, epoch, rs !== null)) return refuse('HELLO_NOT_AS_ENROLLED');
  if (!right) return refuse('HELLO_MAC_WRONG');
  const h1 = schedule.transcriptOfHello(suite, epoch.en, frame);
  return checkCounters({ epoch, rs }, core, h1);
}

/** The epoch that a kid calls, by its own name or by a ticket's (§3.5). */
function calledBy(found: ManagedEpoch | ResumableKid | undefined): {
  readonly epoch: ManagedEpoch | undefined;
  readonly rs: Uint8Array | null;
} {
  const resumes = found !== undefined && 'resumes' in found;
  return resumes ? { epoch: found.resumes, rs: found.rs } : { epoch: found, rs: null };
}

/** §3.5: under a ticket's rid, mac0 is by its secret. */
function helloKey(
  suite: Suite,
  epoch: ManagedEpoch | undefined,
  rs: Uint8Array | null,
): Uint8Array {
  if (epoch === undefined) return DUMMY_KEY;
  return rs === null ? epoch.kHello : schedule.resumedHelloKey(suite, rs, epoch.en);
}

function isAsEnrolled(core: HelloCore, { assignment }: ManagedEpoch, resumes: boolean): boolean {
  const edBytes = assignment.class === 0 && !resumes ? 32 : 0;
  return (
    core.suite === assignment.suite &&
    core.epoch === assignment.epoch &&
    // §3.5: a ticket has a kid of its own, so under the epoch's kid there is only the full handshake.
    core.mode === (resumes ? 1 : 0) &&
    core.ed.length === edBytes &&
    (assignment.mauth === 2 || core.ci === 0)
  );
}

function checkCounters(
  { epoch, rs }: Pick<CheckedHello, 'epoch' | 'rs'>,
  core: HelloCore,
  h1: Uint8Array,
): HelloVerdict {
  // §3.1: ctr greater than in every Hello of this kid that was answered, else resync.
  if (core.ctr <= epoch.answeredCtr) {
    const suite = suiteOf(epoch.assignment.suite);
    const ctr = epoch.answeredCtr;
    const mac = schedule.resyncMac(suite, epoch.kHello, core.nd, ctr);
    const frame = encodeFrame({ type: 'resync', nd: core.nd, ctr, mac });
    return { kind: 'resync', frame, closeCode: CloseCode.counter };
  }
  // §3.1: generation at most 65536 ahead.
  if (schedule.generationIndex(core.ctr) - epoch.generation.index > GENERATION_LOOK_AHEAD) {
    return refuse('HELLO_GENERATION_TOO_FAR');
  }
  // §3.3: which chain value may be shown.
  if (epoch.chain === null) return { kind: 'accept', epoch, core, chainIndex: 0, rs, h1 };
  const { length } = decodeChainKey(epoch.assignment.mkey);
  const choice = chooseChainIndex(core.ci, epoch.chain.highestSent, length);
  if (choice.index === undefined) {
    return refuse(choice.reason, { device: epoch.assignment.idD, alarm: choice.alarm });
  }
  const alarm = choice.alarm === undefined ? {} : { alarm: choice.alarm };
  return { kind: 'accept', epoch, core, chainIndex: choice.index, rs, h1, ...alarm };
}

/** What M injects into an Accept. */
export interface AcceptParameters {
  /** 16 random bytes. */
  readonly nm: Uint8Array;
  /** X25519 secret, 32 random bytes; class E only, erased here. */
  readonly ephemeralSecret?: Uint8Array;
  /** M's 32-byte Ed25519 secret key; mauth 1 only. */
  readonly signatureKey?: Uint8Array;
}

interface SentAccept {
  readonly checked: CheckedHello;
  readonly suite: Suite;
  readonly generation: schedule.Generation;
  readonly secret: Uint8Array;
  readonly h3: Uint8Array;
}

/** An Accept that waits for its Finish. Holds secrets. */
export type PendingAccept = Once<SentAccept>;

/** Accept, and what waits for its Finish. */
export interface SealedAccept {
  readonly frame: Uint8Array;
  readonly pending: PendingAccept;
}

/** What M has before it proves itself. */
export interface PreparedAnswer {
  /** Answered counter and R have moved: store it before a leaf is spent and before the frame is sent. */
  readonly epoch: ManagedEpoch;
  /** What M's tree has to sign (mauth 3), by a leaf that is used for nothing else; null for every other proof. */
  readonly toSign: Uint8Array | null;
  readonly alarm?: ChainAlarm;
  /**
   * Accept; to be called once.
   *
   * @param treeSignature over `toSign`
   * @throws {@link RangeError} when it is needed and missing
   */
  readonly seal: (treeSignature?: Uint8Array) => SealedAccept;
}

/**
 * M begins its answer to a checked Hello.
 *
 * @throws {@link ProtocolError} 4401 `HANDSHAKE_KEY_REFUSED` when D's X25519 key gives an all-zero result
 * @throws {@link RangeError} when a key that the class needs is missing
 */
export function prepareAnswer(checked: CheckedHello, parameters: AcceptParameters): PreparedAnswer {
  const { epoch, core, chainIndex, rs, h1 } = checked;
  const suite = suiteOf(epoch.assignment.suite);
  const own = ephemeralOf(checked, parameters.ephemeralSecret);
  const em = own.length === 0 ? EMPTY : x25519PublicKey(own);
  const z = own.length === 0 ? EMPTY : agree(own, core.ed);
  const index = schedule.generationIndex(core.ctr);
  const generation = schedule.generationAt(suite, epoch.generation, index);
  const secret =
    rs === null
      ? schedule.handshakeSecret(suite, generation.key, z)
      : schedule.resumedSecret(suite, rs, epoch.en);
  erase(own, z);
  const acceptCore = acceptCoreCodec.encode({ nm: parameters.nm, em });
  const h2 = schedule.transcriptNext(suite, h1, acceptCore);
  const toSign = epoch.assignment.mauth === 3 ? sessionSigned('M', h2) : null;
  const seal = (treeSignature?: Uint8Array): SealedAccept => {
    const proof = treeSignature ?? proofOf(checked, suite, h2, parameters.signatureKey);
    const { key, iv } = schedule.handshakeKeys(suite, secret, 'accept', h2);
    const body = acceptBodyCodec.encode({ idM: epoch.assignment.idM, proof });
    const sealed = suite.seal(key, iv, h2, body);
    const h3 = schedule.transcriptNext(suite, h2, sealed);
    return {
      frame: encodeFrame({ type: 'accept', core: acceptCore, sealed }),
      pending: new Once({ checked, suite, generation, secret, h3 }),
    };
  };
  return {
    epoch: { ...epoch, answeredCtr: core.ctr, chain: moved(epoch, chainIndex) },
    toSign,
    ...(checked.alarm === undefined ? {} : { alarm: checked.alarm }),
    seal,
  };
}

/** What M has after it answered a Hello. */
export type AnsweredHello = SealedAccept & Pick<PreparedAnswer, 'epoch' | 'alarm'>;

/**
 * M answers a checked Hello at once, where its proof is no signature by its tree.
 *
 * @throws as {@link prepareAnswer}
 */
export function answerHello(checked: CheckedHello, parameters: AcceptParameters): AnsweredHello {
  const { seal, epoch, alarm } = prepareAnswer(checked, parameters);
  return { ...seal(), epoch, ...(alarm === undefined ? {} : { alarm }) };
}

function ephemeralOf({ epoch, rs }: CheckedHello, secret: Uint8Array | undefined): Uint8Array {
  if (epoch.assignment.class === 1 || rs !== null) return EMPTY;
  if (secret?.length !== 32) throw new RangeError('expected an ephemeral secret of 32 bytes');
  return secret;
}

function agree(own: Uint8Array, peer: Uint8Array): Uint8Array {
  return attempt(
    () => x25519SharedSecret(own, peer),
    (cause) => notAuthenticated('HANDSHAKE_KEY_REFUSED', cause.message, cause),
  );
}

function moved(epoch: ManagedEpoch, shown: number): ManagedEpoch['chain'] {
  if (epoch.chain === null) return null;
  return { ...epoch.chain, highestSent: Math.max(epoch.chain.highestSent, shown) };
}

/** §3.3: signature over h2, or the chosen value of the chain. */
function proofOf(
  { epoch, chainIndex, rs }: CheckedHello,
  suite: Suite,
  h2: Uint8Array,
  signatureKey: Uint8Array | undefined,
): Uint8Array {
  // §3.5: only M has rs.
  if (rs !== null) return EMPTY;
  const { assignment, chain } = epoch;
  if (chain !== null) {
    const context = chainContext(assignment.idM, assignment.idD, assignment.epoch);
    const { length } = decodeChainKey(assignment.mkey);
    const value = chainValue(suite, context, { seed: chain.seed, length }, chainIndex);
    return encodeChainProof({ index: chainIndex, value });
  }
  if (assignment.mauth === 3) throw new RangeError("expected a signature by the manager's tree");
  if (signatureKey === undefined) throw new RangeError("expected the manager's signature key");
  return ed25519Sign(signatureKey, sessionSigned('M', h2));
}

/** What M has after a right Finish. */
export interface FinishedSession {
  /** Its first record has to be `ready`. */
  readonly session: Session;
  /** Completed counter and generation have moved. */
  readonly epoch: ManagedEpoch;
  readonly state: DeviceState;
  /** rs, to give out by `ticket` (§3.5); null for class L. */
  readonly rs: Uint8Array | null;
}

/**
 * M takes Finish; only now the completed counter and the generation move.
 *
 * @param current the epoch as M holds it now: other Hellos may have come since
 * @throws {@link ProtocolError} 4400 for a frame not as §1 says, 4401 for all else; the handshake is over
 */
export function finishSession(
  pending: PendingAccept,
  finishFrame: Uint8Array,
  current: ManagedEpoch,
): FinishedSession {
  const { checked, suite, generation, secret, h3 } = pending.take();
  const { sealed } = handshakeFrame(finishFrame, 'finish');
  const body = openFinish(suite, secret, h3, sealed);
  checkDevice(checked.epoch, body, h3);
  // §3.1: the higher counter replaces the lower.
  if (
    !equalBytes(current.assignment.kid, checked.epoch.assignment.kid) ||
    current.answeredCtr !== checked.core.ctr
  ) {
    notAuthenticated('HANDSHAKE_SUPERSEDED', 'a later Hello of this device was answered');
  }
  const h4 = schedule.transcriptNext(suite, h3, sealed);
  const ms = schedule.sessionSecret(suite, secret, h4);
  const session = new Session({ suite, ms, h4, role: 'manager', fmax: checked.core.fmax });
  const isEndNode = checked.epoch.assignment.class === 0;
  const rs = isEndNode ? schedule.resumptionSecret(suite, ms, h4) : null;
  erase(secret, ms);
  return {
    session,
    epoch: { ...current, completedCtr: checked.core.ctr, generation },
    state: body.state,
    rs,
  };
}

function openFinish(
  suite: Suite,
  secret: Uint8Array,
  h3: Uint8Array,
  sealed: Uint8Array,
): FinishBody {
  const { key, iv } = schedule.handshakeKeys(suite, secret, 'finish', h3);
  const text = attempt(
    () => suite.open(key, iv, h3, sealed),
    (cause) => notAuthenticated('HANDSHAKE_NOT_AUTHENTIC', 'Finish does not open', cause),
  );
  return attempt(
    () => finishBodyCodec.decode(text),
    (cause) => notAuthenticated('HANDSHAKE_BODY_MALFORMED', cause.message, cause),
  );
}

/** §3.3: id_d; dsig required with a device key, and empty without. */
function checkDevice({ assignment }: ManagedEpoch, body: FinishBody, h3: Uint8Array): void {
  if (body.idD !== assignment.idD) {
    notAuthenticated('HANDSHAKE_WRONG_ID', 'Finish names another device than the enrolled one');
  }
  const right =
    assignment.dkey.length === 0
      ? body.dsig.length === 0
      : ed25519Verify(assignment.dkey, sessionSigned('D', h3), body.dsig);
  if (!right) {
    notAuthenticated('HANDSHAKE_SIGNATURE_WRONG', "the device's signature is not as enrolled");
  }
}
