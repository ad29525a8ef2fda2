/**
 * When D answers a monitoring request, and when M sends one (docs/protocol.md §6.1). D has a monotonic clock and T0; both
 * are given here as numbers of seconds, so that no timer and no clock is needed to follow the table of §6.1.
 */
import { CloseCode, ResultCode } from '../wire/message-types.ts';
import type { Intervals, Message } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';

/** §6.1: more early requests than this in one session close it with 4429. */
export const EARLY_REQUESTS = 8;
/** §6.1: the bad signature that closes the window and the session (4402). */
export const BAD_SIGNATURES = 3;
/** §6.1: new intervals are taken this long after an answer, seconds. */
export const INTERVALS_AFTER_ANSWER = 60;
/** §6.1: starts in a row that open the window at once. */
export const OPEN_STARTS = 3;

/** What D keeps in flash of its window. */
export interface StoredWindow {
  readonly intervals: Intervals;
  /** The pair in use before the present one: M may not know of the change yet (§6.4 step 3). */
  readonly previous: Intervals | null;
  readonly ivn: number;
  /** Starts in a row that saw no widened end. */
  readonly starts: number;
  readonly early: number;
  readonly late: number;
  readonly badsig: number;
  readonly dup: number;
}

/** D's window while it runs; times are seconds of D's monotonic clock. */
export interface DeviceWindow extends StoredWindow {
  readonly t0: number;
  /** Widened end of the window that the start opened. */
  readonly startEnds: number;
  /** The start opened the window and no session has come yet: the first one opens it anew. */
  readonly fresh: boolean;
  /** False requests in the present window. */
  readonly strikes: number;
  /** What holds for the present session only. */
  readonly session: {
    readonly lastN: number;
    readonly early: number;
    readonly answeredAt: number | null;
    /** When M had the image that the answer named (mode `full`). */
    readonly shownAt: number | null;
  };
}

/** What D does with a monitoring request. */
export type RequestAction = 'answer' | 'ignore' | { readonly close: number };

/** What the check of a request showed: `unsure` is an hfti of neither pair, answered without a strike (§6.4 step 3). */
export type RequestCheck = 'right' | 'wrong' | 'unsure';

const NO_SESSION = { lastN: 0, early: 0, answeredAt: null, shownAt: null } as const;

/** Intervals as they come with provisioning, nothing counted. */
export function newWindow(intervals: Intervals): StoredWindow {
  return { intervals, previous: null, ivn: 0, starts: 0, early: 0, late: 0, badsig: 0, dup: 0 };
}

/** §6.1, start of D: the window is open for RTI, unless D has started too often in a row. */
export function startWindow(stored: StoredWindow, now: number): DeviceWindow {
  const fresh = stored.starts < OPEN_STARTS;
  const window = {
    ...stored,
    starts: stored.starts + 1,
    t0: fresh ? now - stored.intervals.fti : now,
    startEnds: 0,
    fresh,
    strikes: 0,
    session: NO_SESSION,
  };
  return { ...window, startEnds: windowEnds(window) };
}

/** The part of the window that belongs in flash. */
export function storedWindow(window: DeviceWindow): StoredWindow {
  const { intervals, previous, ivn, starts, early, late, badsig, dup } = window;
  return { intervals, previous, ivn, starts, early, late, badsig, dup };
}

/**
 * §6.1, start of D: dialling may take longer than RTI, so the window of a start is counted from its first session. Called
 * before Finish, which tells `opens-in`; until a session is complete each attempt does so again.
 */
export function openForFirstSession(window: DeviceWindow, now: number): DeviceWindow {
  if (!window.fresh) return window;
  const opened = { ...window, t0: now - window.intervals.fti };
  return { ...opened, startEnds: windowEnds(opened) };
}

/** A session has begun: its n and its early requests count from 0. */
export function beginSession(window: DeviceWindow): DeviceWindow {
  return { ...window, fresh: false, session: NO_SESSION };
}

/** The moment at which the widened window begins. */
export function windowOpens(window: Pick<DeviceWindow, 't0' | 'intervals'>): number {
  return window.t0 + window.intervals.fti - widening(window.intervals);
}

/** The moment at which the widened window ends: the next event of D's timer. */
export function windowEnds(window: Pick<DeviceWindow, 't0' | 'intervals'>): number {
  return window.t0 + window.intervals.fti + window.intervals.rti + widening(window.intervals);
}

/** §6.1: 2 % of FTI and 2 s at both ends. */
function widening(intervals: Intervals): number {
  return intervals.fti * 0.02 + 2;
}

/** §6.1, "widened end passes unused": T0 := now, late + 1. */
export function passTime(window: DeviceWindow, now: number): DeviceWindow {
  const seen = now > window.startEnds && window.starts > 0 ? { ...window, starts: 0 } : window;
  if (now <= windowEnds(seen)) return seen;
  return { ...seen, t0: now, strikes: 0, late: seen.late + 1 };
}

/** §6.1, `opens-in`: seconds to the nominal T0 + FTI, rounded up, 0 when the window is open or past. */
export function opensIn(window: DeviceWindow, now: number): number {
  if (now >= windowOpens(window)) return 0;
  return Math.ceil(window.t0 + window.intervals.fti - now);
}

/**
 * §6.1, a mon-req at `now`. `check` is called only inside the window, for an n that is new: before, not even a
 * signature is looked at.
 */
export function receiveRequest(
  window: DeviceWindow,
  n: number,
  now: number,
  check: () => RequestCheck,
): { window: DeviceWindow; action: RequestAction; check: RequestCheck | null } {
  const present = passTime(window, now);
  if (now < windowOpens(present)) return { ...early(present), check: null };
  if (n <= present.session.lastN) {
    return { window: { ...present, dup: present.dup + 1 }, action: 'ignore', check: null };
  }
  const result = check();
  if (result === 'wrong') return { ...strike(present, now), check: result };
  const badsig = present.badsig + (result === 'unsure' ? 1 : 0);
  return {
    window: {
      ...present,
      badsig,
      t0: now,
      strikes: 0,
      session: { ...present.session, lastN: n, answeredAt: now, shownAt: null },
    },
    action: 'answer',
    check: result,
  };
}

/** §6.1, before the window: counted, more than 8 in a session close it. */
function early(window: DeviceWindow): { window: DeviceWindow; action: RequestAction } {
  const count = window.session.early + 1;
  return {
    window: { ...window, early: window.early + 1, session: { ...window.session, early: count } },
    action: count > EARLY_REQUESTS ? { close: CloseCode.tooMany } : 'ignore',
  };
}

/** §6.1, a false request inside the window: the third one closes window and session. */
function strike(
  window: DeviceWindow,
  now: number,
): { window: DeviceWindow; action: RequestAction } {
  const counted = { ...window, badsig: window.badsig + 1, strikes: window.strikes + 1 };
  if (counted.strikes < BAD_SIGNATURES) return { window: counted, action: 'ignore' };
  return { window: { ...counted, t0: now, strikes: 0 }, action: { close: CloseCode.failed } };
}

/**
 * §6.1, the three rows of mon-set. A changed window is to be stored before the reply leaves.
 *
 * @returns the window, what D answers, and whether its intervals are new
 */
export function receiveIntervals(
  window: DeviceWindow,
  set: { readonly ivn: number } & Intervals,
  now: number,
): { window: DeviceWindow; reply: Message; changed: boolean } {
  const reply: Message = { type: 'mon-ack', ivn: set.ivn };
  if (set.ivn === window.ivn && sameIntervals(set, window.intervals)) {
    return { window, reply, changed: false };
  }
  const { answeredAt, shownAt } = window.session;
  const inTime = answeredAt !== null && now - (shownAt ?? answeredAt) <= INTERVALS_AFTER_ANSWER;
  if (set.ivn !== window.ivn + 1 || !inTime) {
    const re = messageNumber['mon-set'];
    const refusal: Message = { type: 'error', re, code: ResultCode.notSupported };
    return { window, reply: refusal, changed: false };
  }
  const intervals = { fti: set.fti, rti: set.rti, uti: set.uti };
  const changed = { ...window, intervals, previous: window.intervals, ivn: set.ivn };
  return { window: { ...changed, t0: answeredAt, strikes: 0 }, reply, changed: true };
}

/** §6.2, mode `full`: M has the image, and judges it now. */
export function imageShown(window: DeviceWindow, now: number): DeviceWindow {
  return { ...window, session: { ...window.session, shownAt: now } };
}

/** True when both name the same FTI, RTI and UTI. */
export function sameIntervals(one: Intervals, other: Intervals): boolean {
  return one.fti === other.fti && one.rti === other.rti && one.uti === other.uti;
}

/**
 * M's schedule (§6.1): T0 + FTI + uniform(0, RTI), where D has told how far T0 + FTI is.
 *
 * @param random a number from [0, 1)
 * @returns seconds from the moment at which `opensIn` came
 */
export function nextRequestIn(opensInSeconds: number, rti: number, random: number): number {
  return opensInSeconds + random * rti;
}

/** §6.2, ASK: 30 s and 1 s for each 64 KiB of image, in seconds. */
export function answerWithin(sizeBytes: number): number {
  return 30 + Math.ceil(sizeBytes / 65536);
}
