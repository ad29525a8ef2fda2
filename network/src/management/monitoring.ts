/**
 * Protocols 1 and 3 at the manager (protocol §6.2, §6.4): one schedule for all devices, ASK and its time-out, JUDGE against
 * the image at hand, SET and its acknowledgement. The bytes of each step are the SDK's.
 */
import { ed25519Sign } from '@lamplighter/sdk/crypto';
import { createHash } from 'node:crypto';
import {
  answerWithin,
  buildRequest,
  intervalsMessage,
  judgeAnswer,
  learnIntervals,
  nextRequestIn,
  proposeIntervals,
  ShownImage,
  type AbnormalReason,
  type Judgement,
  type MonitoringRound,
} from '@lamplighter/sdk/protocol';
import {
  CloseCode,
  messageNumber,
  ResultCode,
  StateFlag,
  type DeviceState,
  type Message,
  type MonAns,
} from '@lamplighter/sdk/wire';
import type { DeviceEntry } from './device-database.ts';
import { measureOwnCopy } from './image-measure.ts';
import { nextIntervals } from './intervals.ts';
import type { LiveSession } from './live-session.ts';
import type { MonitoringParts } from './monitoring-parts.ts';
import { unitInterval } from './random.ts';
import { monitoringOf } from './status-reports.ts';
import { isSpared } from './update-grace.ts';

type ErrorMessage = Extract<Message, { type: 'error' }>;
/** What is reported of a device that answered. */
type Verdict = Exclude<Judgement, { kind: 'late' | 'false' }>;

/** A request that waits for its answer. */
interface Asked {
  readonly live: LiveSession;
  readonly round: MonitoringRound;
  /** Mode `full`: an answer that was right so far, and the image that comes after it. */
  showing: { readonly answer: MonAns; readonly image: ShownImage } | null;
}

/** Windows without an answer after which a device is `unreachable` (§6.2). */
const MISSED_WINDOWS = 3;
/** Widening of the window at its end (§6.1): 2 % of FTI and 2 s. */
const WIDENING_SECONDS = 2;
/** Within which a device is asked whose window is open at the start of a session. */
const OPEN_WINDOW_SECONDS = 1;
const WIDENING_SHARE = 0.02;

/** Monitors every device of the node. */
export class Monitoring {
  readonly #parts: MonitoringParts;
  readonly #asked = new Map<string, Asked>();

  constructor(parts: MonitoringParts) {
    this.#parts = parts;
  }

  /** Monitoring, step 1, for a device that never spoke yet: its first window is awaited. */
  track(entry: DeviceEntry): void {
    const { fti, rti } = entry.intervals.current;
    this.#plan(entry.id, nextRequestIn(fti, rti, unitInterval(this.#parts.random)));
  }

  /** The device is no longer this node's. */
  forget(device: string): void {
    this.#asked.delete(device);
    this.#parts.schedule.cancel(askKey(device));
    this.#parts.schedule.cancel(answerKey(device));
  }

  /** §6.1, "every session": Finish tells ivn and how far the window is. */
  async sessionStarted(live: LiveSession, state: DeviceState): Promise<void> {
    this.#asked.delete(live.device);
    this.#parts.schedule.cancel(answerKey(live.device));
    const entry = await this.#learn(live, state);
    if (entry === undefined) return;
    this.#plan(live.device, this.#untilRequest(entry, state));
  }

  /** An open request dies with its session; the next window is planned when the device is back. */
  sessionEnded(live: LiveSession): void {
    if (this.#asked.get(live.device)?.live !== live) return;
    this.#asked.delete(live.device);
    this.#parts.schedule.cancel(answerKey(live.device));
  }

  /** Monitoring, steps 5 to 10. */
  async answered(live: LiveSession, answer: MonAns): Promise<void> {
    const asked = this.#asked.get(live.device);
    if (asked?.live !== live) {
      this.#unasked(live, answer);
      return;
    }
    // Mode `full`: the image of an answer is on its way already.
    if (asked.showing !== null) return;
    const entry = await this.#learn(live, answer.state);
    if (entry === undefined) return;
    const judgement = await this.#judge(asked, entry, answer);
    // The deadline may have come in between.
    if (this.#asked.get(live.device) !== asked || judgement.kind === 'late') return;
    if (judgement.kind === 'false') {
      live.close(CloseCode.failed);
      return;
    }
    // Planned first: whatever happens to the report, the device is looked at again.
    this.#plan(live.device, this.#untilRequest(entry, answer.state));
    if (this.#isToShow(entry, judgement)) this.#show(asked, answer);
    else await this.#judged(asked, entry, answer, judgement);
  }

  /** §6.2: a late answer to an older n is dropped, one to a request never made is false. */
  #unasked(live: LiveSession, { n }: MonAns): void {
    const entry = this.#parts.database.get(live.device);
    if (n > (entry?.n ?? 0)) live.close(CloseCode.failed);
  }

  /** Monitoring, step 6, mode `full`: a piece of the image. */
  async shown(live: LiveSession, piece: Extract<Message, { type: 'blob' }>): Promise<void> {
    const asked = this.#asked.get(live.device);
    if (asked?.live !== live || asked.showing === null) {
      live.close(CloseCode.failed);
      return;
    }
    const progress = asked.showing.image.take(piece);
    switch (progress.kind) {
      case 'more':
        return;
      case 'want':
        live.send(progress.want);
        return;
      case 'false':
        // No verdict, as for an answer that is not to the request; but a window that brought nothing.
        await this.#unanswered(live, CloseCode.failed);
        return;
      case 'long':
        await this.#hasShown(asked, ['size']);
        // What else is on its way is of no use.
        live.close(CloseCode.failed);
        return;
      case 'whole':
        await this.#hasShown(asked, progress.same ? [] : ['digest']);
    }
  }

  /** Mode `full`: who has given a right proof, and does not show the image, does not have it. */
  async refused(live: LiveSession, { re, code }: ErrorMessage): Promise<void> {
    const asked = this.#asked.get(live.device);
    if (asked?.live !== live) return;
    if (re === messageNumber.want && asked.showing !== null) {
      await this.#hasShown(asked, ['digest']);
    } else if (re === messageNumber['mon-req-e'] || re === messageNumber['mon-req-l']) {
      const reason = `the device refused a request for its firmware with code ${code}`;
      const fact = { type: 'alarm', device: live.device, code: 'MONITORING_REFUSED' } as const;
      this.#parts.events.emit({ ...fact, reason });
    }
  }

  /** Monitoring, step 8. */
  async acknowledged(live: LiveSession, ack: Extract<Message, { type: 'mon-ack' }>): Promise<void> {
    const before = this.#parts.database.get(live.device);
    if (before?.intervals.pending == null || ack.ivn !== before.intervals.ivn + 1) return;
    const { fti, rti, uti } = before.intervals.pending;
    await this.#parts.database.update(live.device, (entry) => ({
      ...entry,
      intervals: learnIntervals(entry.intervals, ack.ivn),
    }));
    this.#parts.events.emit({
      type: 'intervals-acknowledged',
      device: live.device,
      ivn: ack.ivn,
      fti,
      rti,
      uti,
    });
    // D's T0 is the time of its answer, a moment ago.
    this.#plan(live.device, nextRequestIn(fti, rti, unitInterval(this.#parts.random)));
  }

  async #judge({ live, round }: Asked, entry: DeviceEntry, answer: MonAns): Promise<Judgement> {
    const image = await this.#image(entry);
    const measured = measureOwnCopy(live.suite, round.r, image, entry.firmware.sha256);
    const expected = { ...entry.firmware, seq: entry.firmware.sequence };
    return judgeAnswer(round, answer, expected, measured, live.suite);
  }

  /** A wrong answer is reported at once, and nothing is to be seen of an empty image. */
  #isToShow(entry: DeviceEntry, judgement: Verdict): boolean {
    return this.#parts.mode === 'full' && judgement.kind === 'normal' && entry.firmware.size > 0;
  }

  /** Monitoring, step 4, mode `full`: what the proof says is there is to be seen, too. */
  #show(asked: Asked, answer: MonAns): void {
    const { live } = asked;
    const named = { sha256: answer.hfw, size: answer.size };
    const image = new ShownImage(named, live.fmax, createHash('sha256'));
    asked.showing = { answer, image };
    live.send(image.want());
  }

  async #hasShown(asked: Asked, reasons: readonly AbnormalReason[]): Promise<void> {
    const { live, showing } = asked;
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined || showing === null) return;
    const code = reasons.length === 0 ? ResultCode.good : ResultCode.chunkOrDigest;
    live.send({ type: 'done', sha256: showing.image.sha256, code });
    const verdict: Verdict =
      reasons.length === 0
        ? { kind: 'normal', intervalsKnown: true }
        : { kind: 'abnormal', reasons };
    await this.#judged(asked, entry, showing.answer, verdict);
  }

  async #judged(
    { live, round }: Asked,
    entry: DeviceEntry,
    answer: MonAns,
    judgement: Verdict,
  ): Promise<void> {
    this.#asked.delete(live.device);
    this.#parts.schedule.cancel(answerKey(live.device));
    const proposed = judgement.kind === 'normal' ? await this.#propose(entry) : entry;
    // Monitoring, steps 9 and 10: in the outbox before the round ends.
    await this.#parts.reports.report(proposed, round.n, {
      protocol: monitoringOf(entry),
      status: judgement.kind,
      reasons: judgement.kind === 'abnormal' ? judgement.reasons : [],
      answered: {
        sequence: answer.seq,
        version: answer.ver,
        sha256: Buffer.from(answer.hfw).toString('hex'),
      },
    });
    await this.#parts.database.update(entry.id, (stored) => ({ ...stored, missed: 0 }));
    // Monitoring, step 7; left out when abnormal (step 6).
    const message = judgement.kind === 'normal' ? intervalsMessage(proposed.intervals) : null;
    if (message !== null) live.send(message);
  }

  async #propose(entry: DeviceEntry): Promise<DeviceEntry> {
    const { intervals, random } = this.#parts;
    const wanted = nextIntervals(intervals, entry.secrets.assignment, random);
    const stored = await this.#parts.database.update(entry.id, (each) => ({
      ...each,
      intervals: proposeIntervals(each.intervals, wanted),
    }));
    return stored ?? entry;
  }

  /** Takes `ivn` and the count of resyncs from what D tells; a growing count is an alarm (§3.1). */
  async #learn(live: LiveSession, state: DeviceState): Promise<DeviceEntry | undefined> {
    const { database, events, reports } = this.#parts;
    const before = database.get(live.device);
    const entry = await database.update(live.device, (each) => ({
      ...each,
      intervals: learnIntervals(each.intervals, state.ivn),
      resyncs: state.stats.resync,
    }));
    if (entry !== undefined && before?.resyncs != null && state.stats.resync > before.resyncs) {
      const reason = `count of resyncs went from ${before.resyncs} to ${state.stats.resync}`;
      events.emit({ type: 'alarm', device: entry.id, code: 'CLONE_OR_LOSS_SUSPECTED', reason });
      await reports.reportAnew(entry.id, {
        protocol: monitoringOf(entry),
        status: 'clone-suspected',
        reasons: [],
        answered: null,
      });
    }
    return entry;
  }

  /** Seconds to the next request after D told `opens-in`. */
  #untilRequest(entry: DeviceEntry, state: DeviceState): number {
    const { rti } = entry.intervals.current;
    const random = unitInterval(this.#parts.random);
    if (state.opensIn > 0) return nextRequestIn(state.opensIn, rti, random);
    // The window is open or past, and how long it lasts is not told: ask soon, but after the result of an update, which
    // comes first in a session and says what the device runs.
    const resultFirst = state.pending !== 0 || (state.flags & StateFlag.onTrial) !== 0;
    const spread = Math.min(rti, OPEN_WINDOW_SECONDS);
    return resultFirst
      ? nextRequestIn(spread / 2, spread / 2, random)
      : nextRequestIn(0, spread, random);
  }

  #plan(device: string, seconds: number): void {
    const { schedule, supervisor } = this.#parts;
    schedule.set(askKey(device), seconds * 1_000, () => {
      supervisor.run(device, () => this.#window(device));
    });
  }

  /** Monitoring, step 2: the time of a request has come. */
  async #window(device: string): Promise<void> {
    const entry = this.#parts.database.get(device);
    if (entry === undefined || entry.suspended) return;
    const live = this.#parts.sessions.of(device);
    // The window passes unused at D, which counts the next from its widened end: ask as far into that one.
    const { fti, rti } = entry.intervals.current;
    this.#plan(device, fti + rti + fti * WIDENING_SHARE + WIDENING_SECONDS);
    // Nothing can be stored: n can not move on, and a device is not at fault for what is not asked.
    if (this.#parts.storage.state.state !== 'ready') return;
    if (live === undefined) await this.#missed(entry);
    // An open request is waited for to its end; it closes the session when it is not answered.
    else if (this.#asked.has(device)) return;
    else if (isSpared(entry, this.#parts.clock)) {
      await this.#report(device, 'updating');
    } else await this.#ask(entry, live);
  }

  async #ask(entry: DeviceEntry, live: LiveSession): Promise<void> {
    const { id, signatureKey, random, schedule } = this.#parts;
    // At hand before it is asked for, so that the answer is judged at once.
    await this.#image(entry);
    const stored = await this.#parts.reports.nextRound(entry.id);
    if (stored === undefined || live.ended.aborted) return;
    const { request, round } = buildRequest({
      suite: live.suite,
      h4: live.h4,
      idM: id,
      idD: entry.id,
      n: stored.n,
      r: random.bytes(32),
      intervals: stored.intervals.current,
      full: this.#parts.mode === 'full',
      sign: live.lightweight ? null : (message) => ed25519Sign(signatureKey, message),
    });
    this.#asked.set(entry.id, { live, round, showing: null });
    schedule.set(answerKey(entry.id), answerWithin(entry.firmware.size) * 1_000, () => {
      this.#parts.supervisor.run(entry.id, () => this.#unanswered(live));
    });
    live.send(request);
  }

  /** §6.2, ASK: nothing right came in time; asked again with a new n and r in the next window. */
  async #unanswered(live: LiveSession, closeCode: number = CloseCode.deadline): Promise<void> {
    this.#asked.delete(live.device);
    this.#parts.schedule.cancel(answerKey(live.device));
    live.close(closeCode);
    const entry = this.#parts.database.get(live.device);
    if (entry !== undefined) await this.#missed(entry);
  }

  async #missed({ id }: DeviceEntry): Promise<void> {
    const entry = await this.#parts.database.update(id, (each) => ({
      ...each,
      missed: each.missed + 1,
    }));
    if (entry === undefined) return;
    this.#parts.events.emit({ type: 'device-overdue', device: id, missed: entry.missed });
    if (entry.missed % MISSED_WINDOWS !== 0) return;
    await this.#report(id, 'unreachable');
  }

  async #report(device: string, status: 'unreachable' | 'updating'): Promise<void> {
    const entry = this.#parts.database.get(device);
    if (entry === undefined) return;
    const protocol = monitoringOf(entry);
    await this.#parts.reports.reportAnew(device, { protocol, status, reasons: [], answered: null });
  }

  #image(entry: DeviceEntry): Promise<Uint8Array> {
    return this.#parts.images.image(entry.vendor, entry.firmware);
  }
}

function askKey(device: string): string {
  return `${device}/ask`;
}

function answerKey(device: string): string {
  return `${device}/answer`;
}
