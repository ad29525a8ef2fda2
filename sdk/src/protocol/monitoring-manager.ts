/**
 * M's half of protocols 1 and 3 (docs/protocol.md §6.2, §6.4): builds the request, judges the answer against the image it
 * holds, and moves the intervals forward. It knows no timer, no session and no ledger.
 */
import type { Suite } from '../crypto/suites.ts';
import { equalBytes } from '../wire/bytes.ts';
import type { Intervals, Message, MonAns, MonReqE, MonReqL } from '../wire/message-types.ts';
import { intervalsAnswer, intervalsHash, monitorSigned } from './monitoring-formulas.ts';
import type { ImageMeasure } from './measure.ts';
import { sameIntervals } from './window.ts';

/** M's view of a device's intervals: the acknowledged ones and the ones on their way. */
export interface ManagedIntervals {
  readonly ivn: number;
  readonly current: Intervals;
  /** Sent or to be sent as ivn + 1; its values never change (§6.2 step 7). */
  readonly pending: Intervals | null;
}

/** A request on its way. */
export interface MonitoringRound {
  readonly n: number;
  readonly r: Uint8Array;
  readonly idD: string;
  /** The pair that hfti named. */
  readonly intervals: Intervals;
  readonly lightweight: boolean;
}

/** What must come back from a device in good order. */
export interface ExpectedImage {
  readonly seq: number;
  readonly version: string;
  readonly size: number;
}

/** Why a device is `abnormal` (§6.2). */
export type AbnormalReason = 'version' | 'size' | 'digest' | 'proof';

/** What M makes of an answer. */
export type Judgement =
  /** `intervalsKnown` false: D did not know the pair of hfti and is to be told its intervals again (§6.4 step 3). */
  | { readonly kind: 'normal'; readonly intervalsKnown: boolean }
  | { readonly kind: 'abnormal'; readonly reasons: readonly AbnormalReason[] }
  /** To an older n: dropped. */
  | { readonly kind: 'late' }
  /** Not an answer to this request: the session ends with 4402. */
  | { readonly kind: 'false' };

/** What a request is made of; `sign` is M's Ed25519 key and null for class L. */
export interface RequestParts {
  readonly suite: Suite;
  readonly h4: Uint8Array;
  readonly idM: string;
  readonly idD: string;
  /** Higher than every n before for this device, from 1. */
  readonly n: number;
  /** 32 random bytes, fresh. */
  readonly r: Uint8Array;
  readonly intervals: Intervals;
  /** Mode `full`: D is to show its image. @default false */
  readonly full?: boolean;
  readonly sign: ((message: Uint8Array) => Uint8Array) | null;
}

/** Monitoring, step 2. */
export function buildRequest(parts: RequestParts): {
  request: MonReqE | MonReqL;
  round: MonitoringRound;
} {
  const { n, r, idD, idM, intervals, suite, sign } = parts;
  const mode = parts.full === true ? 1 : 0;
  const round = { n, r, idD, intervals, lightweight: sign === null };
  if (sign === null) {
    const hfti = intervalsHash(suite, r, intervals);
    return { request: { type: 'mon-req-l', n, r, mode, hfti }, round };
  }
  const sig = sign(monitorSigned(parts.h4, { n, r, mode }, idD));
  return { request: { type: 'mon-req-e', n, idM, r, mode, sig }, round };
}

/**
 * Monitoring, steps 5 and 6.
 *
 * @param measured M's own measure of the image with the round's r
 */
export function judgeAnswer(
  round: MonitoringRound,
  answer: MonAns,
  expected: ExpectedImage,
  measured: ImageMeasure,
  suite: Suite,
): Judgement {
  if (answer.n < round.n) return { kind: 'late' };
  if (!answersRound(round, answer) || !answersIntervals(round, answer, suite)) {
    return { kind: 'false' };
  }
  const reasons = differences(answer, expected, measured);
  if (reasons.length > 0) return { kind: 'abnormal', reasons };
  return { kind: 'normal', intervalsKnown: !round.lightweight || answer.hack.length > 0 };
}

/** Monitoring, step 5: n, r and id-d equal. */
function answersRound(round: MonitoringRound, answer: MonAns): boolean {
  return answer.n === round.n && answer.idD === round.idD && equalBytes(answer.r, round.r);
}

/** Monitoring, lightweight, step 5: hack. Empty: D did not know the pair, its ivn says which it has. */
function answersIntervals(round: MonitoringRound, answer: MonAns, suite: Suite): boolean {
  if (answer.hack.length === 0) return true;
  if (!round.lightweight) return false;
  return equalBytes(answer.hack, intervalsAnswer(suite, round.r, round.intervals));
}

/** Monitoring, step 6: all must be right; each difference is named. */
export function differences(
  answer: Pick<MonAns, 'seq' | 'ver' | 'size' | 'hfw'> & Partial<Pick<MonAns, 'hdev' | 'proof'>>,
  expected: ExpectedImage,
  measured: Pick<ImageMeasure, 'hfw'> & Partial<ImageMeasure>,
): AbnormalReason[] {
  const reasons: AbnormalReason[] = [];
  if (answer.seq !== expected.seq || answer.ver !== expected.version) reasons.push('version');
  if (answer.size !== expected.size) reasons.push('size');
  const hfwRight = equalBytes(answer.hfw, measured.hfw);
  if (!hfwRight || !sameOptional(answer.hdev, measured.hdev)) reasons.push('digest');
  if (!sameOptional(answer.proof, measured.proof)) reasons.push('proof');
  return reasons;
}

function sameOptional(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : equalBytes(one, other);
}

/** Monitoring, step 7: `wanted` becomes pending unless other values are on their way already. */
export function proposeIntervals(state: ManagedIntervals, wanted: Intervals): ManagedIntervals {
  if (state.pending !== null) return state;
  return { ...state, pending: { fti: wanted.fti, rti: wanted.rti, uti: wanted.uti } };
}

/** Monitoring, step 7: the mon-set for the pending intervals, null when there are none. */
export function intervalsMessage(state: ManagedIntervals): Message | null {
  return state.pending && { type: 'mon-set', ivn: state.ivn + 1, ...state.pending };
}

/**
 * Monitoring, step 8: mon-ack, or the `ivn` of a Finish or mon-ans, tells which intervals D has. An ivn which M never gave
 * (its database is older than D's, or the device came from another manager) is taken as it is: the next mon-set is one higher.
 */
export function learnIntervals(state: ManagedIntervals, ivn: number): ManagedIntervals {
  if (ivn === state.ivn) return state;
  if (ivn === state.ivn + 1 && state.pending) return { ivn, current: state.pending, pending: null };
  return { ...state, ivn };
}

/** True when D has what M wants of it. */
export function intervalsSettled(state: ManagedIntervals, wanted: Intervals): boolean {
  return state.pending === null && sameIntervals(state.current, wanted);
}
