/**
 * D's side of the handshake, both classes (docs/protocol.md §3). The caller stores what is returned before it sends what is
 * returned: the counter before Hello, the chain before Finish (§2.1). Class E's public-key code comes in with its Hello.
 */
import { equalBytes, erase } from '../wire/bytes.ts';
import { chainContext, chainLeadsTo, decodeChainProof, type ChainPoint } from '../crypto/chain.ts';
import { treeVerify } from '../crypto/hss.ts';
import * as schedule from '../crypto/key-schedule.ts';
import type { PublicKeyCode } from '../crypto/public-key-code.ts';
import { suiteOf, type Suite } from '../crypto/suites.ts';
import { decodeChainKey } from '../wire/assignment.ts';
import { encodeFrame, type AcceptFrame } from '../wire/frames.ts';
import { acceptBodyCodec, acceptCoreCodec } from '../wire/handshake-bodies.ts';
import { finishBodyCodec, helloCoreCodec, type AcceptBody } from '../wire/handshake-bodies.ts';
import { CHAIN_SKIP_MOST, RESYNC_SPAN, UINT_MAX } from '../wire/limits.ts';
import type { DeviceState } from '../wire/message-types.ts';
import type { DeviceEpoch } from './epochs.ts';
import { attempt, handshakeFrame, malformed, notAuthenticated } from './handshake-common.ts';
import { Once, sessionSigned } from './handshake-common.ts';
import { Session } from './session.ts';

const EMPTY = new Uint8Array(0);

/** What D injects into a Hello. */
export interface HelloParameters {
  /** 16 random bytes. */
  readonly nd: Uint8Array;
  /** X25519 secret, 32 random bytes; class E only, erased here once used. */
  readonly ephemeralSecret?: Uint8Array;
  /** Largest frame in a session, 1280..66560 bytes. */
  readonly fmax: number;
  /** Resumes a session of this epoch (§3.5); class E only, its secret is erased here. */
  readonly ticket?: Ticket;
}

/** What D holds of a session that it may resume once (§3.5). */
export interface Ticket {
  /** 16 bytes, in place of the kid. */
  readonly rid: Uint8Array;
  /** 32 bytes. */
  readonly rs: Uint8Array;
}

interface SentHello {
  readonly epoch: DeviceEpoch;
  readonly suite: Suite;
  readonly parameters: HelloParameters;
  readonly code: PublicKeyCode | null;
  /** S, when the Hello resumes a session. */
  readonly resumed: Uint8Array | null;
  readonly h1: Uint8Array;
}

/** A Hello that waits for its one answer. Holds secrets. */
export type PendingHello = Once<SentHello>;

/**
 * §3: ctr := ctr + 1, and §3.2: the generation follows it. Store the result before Hello leaves.
 *
 * @throws {@link RangeError} when the counter is at its end
 */
export function stepCounter(epoch: DeviceEpoch): DeviceEpoch {
  if (epoch.ctr >= UINT_MAX) throw new RangeError('expected a counter below 2^53 - 1');
  return atCounter(epoch, epoch.ctr + 1);
}

function atCounter(epoch: DeviceEpoch, ctr: number): DeviceEpoch {
  const suite = suiteOf(epoch.assignment.suite);
  const index = schedule.generationIndex(ctr);
  return { ...epoch, ctr, generation: schedule.generationAt(suite, epoch.generation, index) };
}

/** @throws {@link RangeError} for an assignment of class E at a device without public-key code */
function needed(code: PublicKeyCode | null): PublicKeyCode {
  if (code === null) throw new RangeError('expected public-key code for an assignment of class E');
  return code;
}

function ephemeralOf(
  epoch: DeviceEpoch,
  { ephemeralSecret: secret, ticket }: HelloParameters,
): Uint8Array {
  if (epoch.assignment.class === 1 || ticket !== undefined) return EMPTY;
  if (secret?.length !== 32) throw new RangeError('expected an ephemeral secret of 32 bytes');
  return secret;
}

/**
 * Hello for the epoch's present counter.
 *
 * @param epoch as returned by {@link stepCounter}, and stored
 * @param code public-key code for class E, null for class L
 * @throws {@link RangeError} for parameters of wrong size, before the first {@link stepCounter}, or for a ticket in class L
 */
export function startHelloWith(
  epoch: DeviceEpoch,
  parameters: HelloParameters,
  code: PublicKeyCode | null,
): { readonly frame: Uint8Array; readonly pending: PendingHello } {
  const { assignment } = epoch;
  const suite = suiteOf(assignment.suite);
  checkHelloParameters(epoch, suite, parameters);
  const { kid, mode, key, resumed } = calling(epoch, suite, parameters.ticket);
  const secret = ephemeralOf(epoch, parameters);
  const core = helloCoreCodec.encode({
    ver: 1,
    suite: assignment.suite,
    epoch: assignment.epoch,
    kid,
    mode,
    ctr: epoch.ctr,
    nd: parameters.nd,
    ed: secret.length === 0 ? EMPTY : needed(code).agreementKey(secret),
    ci: epoch.chain?.index ?? 0,
    fmax: parameters.fmax,
  });
  const mac0 = schedule.helloMac(suite, key, core);
  const frame = encodeFrame({ type: 'hello', core, mac0 });
  const h1 = schedule.transcriptOfHello(suite, epoch.en, frame);
  return { frame, pending: new Once({ epoch, suite, parameters, code, resumed, h1 }) };
}

function checkHelloParameters(
  { ctr, assignment }: DeviceEpoch,
  suite: Suite,
  { fmax, ticket }: HelloParameters,
): void {
  if (ctr === 0) throw new RangeError('expected a counter from 1 on: step it first');
  if (ticket !== undefined && assignment.class === 1) {
    throw new RangeError('expected no ticket in a lightweight device');
  }
  if (fmax > suite.limits.frameBytes) {
    throw new RangeError(`expected fmax of at most ${suite.limits.frameBytes} for this suite`);
  }
}

/** By what D names itself and keys mac0. §3.5: a ticket's secret is erased here, so it works once. */
function calling(
  { assignment: { kid }, en, kHello }: DeviceEpoch,
  suite: Suite,
  ticket: Ticket | undefined,
): {
  readonly kid: Uint8Array;
  readonly mode: 0 | 1;
  readonly key: Uint8Array;
  readonly resumed: Uint8Array | null;
} {
  if (ticket === undefined) return { kid, mode: 0, key: kHello, resumed: null };
  const key = schedule.resumedHelloKey(suite, ticket.rs, en);
  const resumed = schedule.resumedSecret(suite, ticket.rs, en);
  erase(ticket.rs);
  return { kid: ticket.rid, mode: 1, key, resumed };
}

/** What D has after a right Accept. */
export interface AcceptedSession {
  /** Finish. */
  readonly frame: Uint8Array;
  /** Complete when `ready` has opened; sends nothing before. */
  readonly session: Session;
  /** The chain has moved: store it before the frame is sent. */
  readonly epoch: DeviceEpoch;
  /** Chain values that were skipped, for the count `skipped` (§6.1). */
  readonly skipped: number;
  /** rs, of use with a `ticket` (§3.5); null for class L. */
  readonly rs: Uint8Array | null;
}

/**
 * D takes Accept and makes Finish.
 *
 * @param state what D tells of itself
 * @param deviceKey 32-byte Ed25519 secret key when the assignment has a `dkey`
 * @throws {@link ProtocolError} 4400 for a frame or accept-core not as §1 says, 4401 for all else; the handshake is over
 */
export function acceptSession(
  pending: PendingHello,
  acceptFrame: Uint8Array,
  state: DeviceState,
  deviceKey?: Uint8Array,
): AcceptedSession {
  const hello = pending.take();
  const { epoch, suite, h1 } = hello;
  const accept = handshakeFrame(acceptFrame, 'accept');
  const secret = agree(hello, accept);
  const h2 = schedule.transcriptNext(suite, h1, accept.core);
  const body = openAccept(suite, secret, h2, accept.sealed);
  const chain = checkManager(hello, body, h2);
  const h3 = schedule.transcriptNext(suite, h2, accept.sealed);
  const sealed = sealFinish(hello, secret, h3, { state, deviceKey });
  const h4 = schedule.transcriptNext(suite, h3, sealed);
  const ms = schedule.sessionSecret(suite, secret, h4);
  const session = new Session({ suite, ms, h4, role: 'device', fmax: hello.parameters.fmax });
  const rs = epoch.assignment.class === 0 ? schedule.resumptionSecret(suite, ms, h4) : null;
  erase(secret, ms);
  return {
    frame: encodeFrame({ type: 'finish', sealed }),
    session,
    epoch: { ...epoch, chain },
    skipped: (chain?.index ?? 1) - (epoch.chain?.index ?? 0) - 1,
    rs,
  };
}

/** S of §3.2; the ephemeral secret is erased. */
function agree(
  { epoch, suite, parameters, code, resumed }: SentHello,
  accept: AcceptFrame,
): Uint8Array {
  const { em } = attempt(
    () => acceptCoreCodec.decode(accept.core),
    (cause) => malformed('FRAME_MALFORMED', cause.message, cause),
  );
  const own = ephemeralOf(epoch, parameters);
  if (em.length !== own.length) {
    notAuthenticated('HANDSHAKE_KEY_REFUSED', 'em is not as the enrolled class has it');
  }
  if (resumed !== null) return resumed;
  const z =
    own.length === 0
      ? EMPTY
      : attempt(
          () => needed(code).agree(own, em),
          (cause) => notAuthenticated('HANDSHAKE_KEY_REFUSED', cause.message, cause),
        );
  const secret = schedule.handshakeSecret(suite, epoch.generation.key, z);
  erase(own, z);
  return secret;
}

function openAccept(
  suite: Suite,
  secret: Uint8Array,
  h2: Uint8Array,
  sealed: Uint8Array,
): AcceptBody {
  const { key, iv } = schedule.handshakeKeys(suite, secret, 'accept', h2);
  const text = attempt(
    () => suite.open(key, iv, h2, sealed),
    (cause) => notAuthenticated('HANDSHAKE_NOT_AUTHENTIC', 'Accept does not open', cause),
  );
  return attempt(
    () => acceptBodyCodec.decode(text),
    (cause) => notAuthenticated('HANDSHAKE_BODY_MALFORMED', cause.message, cause),
  );
}

/** §3.3: id_m and proof; returns the chain as it is to be stored. */
function checkManager(
  { epoch, suite, code, resumed }: SentHello,
  body: AcceptBody,
  h2: Uint8Array,
): ChainPoint | null {
  const { assignment } = epoch;
  if (body.idM !== assignment.idM) {
    notAuthenticated('HANDSHAKE_WRONG_ID', 'Accept names another manager than the enrolled one');
  }
  if (resumed !== null) {
    // §3.5: only M has rs.
    if (body.proof.length === 0) return null;
    notAuthenticated('HANDSHAKE_PROOF_WRONG', 'expected no proof in a session that is resumed');
  }
  if (epoch.chain !== null) return checkChain(epoch, epoch.chain, suite, body.proof);
  const signed = sessionSigned('M', h2);
  const right =
    assignment.mauth === 3
      ? treeVerify(assignment.mkey, signed, body.proof)
      : needed(code).verify(assignment.mkey, signed, body.proof);
  if (!right) notAuthenticated('HANDSHAKE_PROOF_WRONG', "the manager's signature is wrong");
  return null;
}

/** Proof be32(j) || x_j with k < j <= min(N, k + S_max). */
function checkChain(
  { assignment }: DeviceEpoch,
  stored: ChainPoint,
  suite: Suite,
  proof: Uint8Array,
): ChainPoint {
  const { length } = decodeChainKey(assignment.mkey);
  const shown = decodeChainProof(proof);
  const context = chainContext(assignment.idM, assignment.idD, assignment.epoch);
  if (
    shown === undefined ||
    shown.index > Math.min(length, stored.index + CHAIN_SKIP_MOST) ||
    !chainLeadsTo(suite, context, shown, stored)
  ) {
    notAuthenticated('HANDSHAKE_PROOF_WRONG', 'the chain value does not lead to the stored one');
  }
  return shown;
}

function sealFinish(
  { epoch, suite, code }: SentHello,
  secret: Uint8Array,
  h3: Uint8Array,
  own: { readonly state: DeviceState; readonly deviceKey: Uint8Array | undefined },
): Uint8Array {
  const { assignment } = epoch;
  const signs = assignment.dkey.length > 0;
  if (signs && own.deviceKey === undefined) {
    throw new RangeError('expected the device key that the assignment names');
  }
  const dsig =
    signs && own.deviceKey !== undefined
      ? needed(code).sign(own.deviceKey, sessionSigned('D', h3))
      : EMPTY;
  const text = finishBodyCodec.encode({ idD: assignment.idD, dsig, state: own.state });
  const { key, iv } = schedule.handshakeKeys(suite, secret, 'finish', h3);
  return suite.seal(key, iv, h3, text);
}

/**
 * D takes resync (§3.1). Store the result, count `resync`, then dial again with the next counter.
 *
 * @returns the epoch at M's counter
 * @throws {@link ProtocolError} 4400 for a frame not as §1 says, 4401 `RESYNC_REFUSED` for another nd, a wrong mac or a
 * counter outside own..own + 2^20
 */
export function acceptResync(pending: PendingHello, resyncFrame: Uint8Array): DeviceEpoch {
  const { epoch, suite, parameters } = pending.take();
  const { nd, ctr, mac } = handshakeFrame(resyncFrame, 'resync');
  const right =
    equalBytes(schedule.resyncMac(suite, epoch.kHello, nd, ctr), mac) &&
    equalBytes(nd, parameters.nd);
  if (!right || ctr < epoch.ctr || ctr > epoch.ctr + RESYNC_SPAN) {
    notAuthenticated('RESYNC_REFUSED', 'the resync is not an answer to this Hello');
  }
  return atCounter(epoch, ctr);
}
