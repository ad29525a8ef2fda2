/**
 * D's half of protocols 1 and 3 (docs/protocol.md §6.2, §6.4): from a mon-req to a mon-ans. The signature check of class E
 * comes in as a function, so that a lightweight device carries no public-key code.
 */
import type { Suite } from '../crypto/suites.ts';
import { equalBytes } from '../wire/bytes.ts';
import type {
  DeviceState,
  Intervals,
  MonAns,
  MonReqE,
  MonReqL,
  Message,
} from '../wire/message-types.ts';
import { ResultCode } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import type { ImageMeasure } from './measure.ts';
import { intervalsAnswer, intervalsHash, monitorSigned } from './monitoring-formulas.ts';
import { receiveRequest } from './window.ts';
import type { DeviceWindow, RequestCheck } from './window.ts';

/** Ed25519 under PU_j, M's key in the assignment: true when `signature` over `message` is right. */
export type VerifyManager = (message: Uint8Array, signature: Uint8Array) => boolean;

/** What D checks requests against; `verify` is null for class L. */
export interface MonitoringContext {
  readonly suite: Suite;
  readonly idD: string;
  readonly idM: string;
  /** Transcript hash of the session. */
  readonly h4: Uint8Array;
  readonly verify: VerifyManager | null;
}

/** An accepted request: measure the slot with `r` now, then {@link answerRequest}. */
export interface AcceptedRequest {
  readonly n: number;
  readonly r: Uint8Array;
  /** Class L: the pair that hfti named, null when neither did; class E: null. */
  readonly pair: Intervals | null;
  readonly lightweight: boolean;
  /** Mode `full`: M wants the image itself after the answer. */
  readonly full: boolean;
}

/** What D does after a mon-req. */
export type MonitoringStep =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'close'; readonly code: number }
  | { readonly kind: 'refuse'; readonly reply: Message }
  | { readonly kind: 'answer'; readonly request: AcceptedRequest };

/** Monitoring, step 3: the window first, then the signature (E) or hfti (L). */
export function takeRequest(
  window: DeviceWindow,
  request: MonReqE | MonReqL,
  context: MonitoringContext,
  now: number,
): { window: DeviceWindow; step: MonitoringStep } {
  const lightweight = context.verify === null;
  if ((request.type === 'mon-req-l') !== lightweight) {
    return { window, step: refusal(request) }; // §6.2: the other class's request gets error 9
  }
  let pair: Intervals | null = null;
  const taken = receiveRequest(window, request.n, now, () => {
    if (request.type === 'mon-req-e') return checkSignature(request, context);
    pair = matchingPair(window, request, context.suite);
    return pair === null ? 'unsure' : 'right';
  });
  if (taken.action === 'ignore') return { window: taken.window, step: { kind: 'ignore' } };
  if (taken.action !== 'answer') {
    return { window: taken.window, step: { kind: 'close', code: taken.action.close } };
  }
  const { n, r, mode } = request;
  const accepted = { n, r, pair, lightweight, full: mode === 1 };
  return { window: taken.window, step: { kind: 'answer', request: accepted } };
}

/** Monitoring, end node, step 3: sig under PU_j, id-m equal to the stored one. */
function checkSignature(request: MonReqE, context: MonitoringContext): RequestCheck {
  if (request.idM !== context.idM || context.verify === null) return 'wrong';
  const signed = monitorSigned(context.h4, request, context.idD);
  return context.verify(signed, request.sig) ? 'right' : 'wrong';
}

/** Monitoring, lightweight, step 3: hfti for the present pair or the one before. */
function matchingPair(window: DeviceWindow, request: MonReqL, suite: Suite): Intervals | null {
  for (const pair of [window.intervals, window.previous]) {
    if (pair && equalBytes(intervalsHash(suite, request.r, pair), request.hfti)) return pair;
  }
  return null;
}

function refusal(request: MonReqE | MonReqL): MonitoringStep {
  const re = messageNumber[request.type];
  return { kind: 'refuse', reply: { type: 'error', re, code: ResultCode.notSupported } };
}

/**
 * Monitoring, step 4: the answer.
 *
 * @param measured the slot in use, measured now with the request's r
 * @param state as Finish tells it, `opensIn` after T0 := now
 */
export function answerRequest(
  request: AcceptedRequest,
  context: Pick<MonitoringContext, 'suite' | 'idD'>,
  image: { readonly seq: number; readonly version: string; readonly size: number },
  measured: ImageMeasure,
  state: DeviceState,
): MonAns {
  const hack = request.pair
    ? intervalsAnswer(context.suite, request.r, request.pair)
    : new Uint8Array(0);
  return {
    type: 'mon-ans',
    n: request.n,
    idD: context.idD,
    seq: image.seq,
    ver: image.version,
    size: image.size,
    ...measured,
    r: request.r,
    hack,
    state,
  };
}
