/**
 * Protocols 2 and 4 at the manager (protocol §6.3, §6.5): queries to the vendor, offers to devices, and their results to
 * the ledger. What is delivered, and how, is in deliveries.ts.
 */
import type { UpdateReport } from '@lamplighter/chaincode';
import {
  acknowledgeResult,
  judgeQuery,
  noUpdate,
  offerShowsAbnormal,
  offerUpdate,
  takeDone,
  type ToldProofs,
} from '@lamplighter/sdk/protocol';
import {
  CloseCode,
  messageNumber,
  NoUpdate,
  ResultCode,
  StateFlag,
  type DeviceState,
  type Message,
  type UpdQuery,
} from '@lamplighter/sdk/wire';
import type { Contracts } from '../ledger/contracts.ts';
import type { Clock } from './clock.ts';
import type { Deliveries } from './deliveries.ts';
import type { DeviceProofs } from './proofs/device-proofs.ts';
import { NO_UPDATE, type DeviceDatabase, type DeviceEntry } from './device-database.ts';
import type { EventSink } from './events.ts';
import type { LiveSession } from './live-session.ts';
import type { Outbox } from './outbox.ts';
import type { ReleaseAdmission } from './release-admission.ts';
import { isNewer, type ReleaseStore } from './release-store.ts';
import type { VerifiedRelease } from './release-verification.ts';
import type { RootPushes } from './root-pushes.ts';
import type { StatusReports } from './status-reports.ts';
import { describe, isEnding } from './supervise.ts';
import { protocolOf, recordResult, remembered, type Result } from './update-results.ts';
import { firstOffered, isSpared, withOffer } from './update-grace.ts';
import type { VendorGateway } from './vendor-gateway.ts';

/** What the updates of a node are made of. */
export interface UpdatesParts {
  readonly database: DeviceDatabase;
  readonly contracts: Contracts;
  readonly vendors: VendorGateway;
  readonly releases: ReleaseStore;
  readonly admission: ReleaseAdmission;
  readonly deliveries: Deliveries;
  readonly reports: StatusReports;
  readonly outbox: Outbox;
  /** Null for a node whose ledger gives no signatures: then freshness rests on it. */
  readonly proofs: DeviceProofs | null;
  readonly roots: Pick<RootPushes, 'bring'>;
  readonly events: EventSink;
  readonly clock: Clock;
}

type Done = Extract<Message, { type: 'done' }>;
type ErrorMessage = Extract<Message, { type: 'error' }>;

/** Serves queries, makes offers and takes results. */
export class Updates {
  readonly #parts: UpdatesParts;
  readonly #queries = new Set<string>();
  /** What was propagated in a session: an offer is made once, however many events ask for it. */
  readonly #propagated = new WeakMap<LiveSession, string>();
  /** The newest release that a legacy device was not offered, by device. */
  readonly #withheldFrom = new Map<string, string>();

  constructor(parts: UpdatesParts) {
    this.#parts = parts;
  }

  /** Propagation, step 3, for a device that was away when the release came. */
  async sessionStarted(live: LiveSession, state: DeviceState): Promise<void> {
    // A result on its way, or an image on trial, comes first.
    if (state.pending !== 0 || (state.flags & StateFlag.onTrial) !== 0) return;
    await this.propagate(live);
  }

  /** Propagation, step 3: offers the newest release that is for this device, if any. */
  async propagate(live: LiveSession): Promise<void> {
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined || entry.status === 'abnormal') return;
    const release = this.#parts.releases.toPropagate(entry.model, entry.firmware);
    if (release === undefined || entry.refused.includes(release.record.id)) return;
    if (this.#isTaking(entry, release)) return;
    if (this.#propagated.get(live) === release.record.id) return;
    this.#propagated.set(live, release.record.id);
    if (live.suite.legacy) this.#withheld(live, release);
    else await this.#offer(live, entry, release, 'propagation');
  }

  /** §4: firmware never goes under a suite for legacy devices; the operator hears it once for each release. */
  #withheld({ device, suite }: LiveSession, { record }: VerifiedRelease): void {
    if (this.#withheldFrom.get(device) === record.id) return;
    this.#withheldFrom.set(device, record.id);
    const reason = `${suite.name} is too weak for firmware: the device needs another assignment, or another device`;
    const fact = { type: 'release-refused', release: record.id, device, reason } as const;
    this.#parts.events.emit({ ...fact, code: 'SUITE_LEGACY' });
  }

  /** Update request, steps 3 to 8. */
  async queried(live: LiveSession, query: UpdQuery): Promise<void> {
    if (live.lightweight || this.#queries.has(live.device)) {
      const code = live.lightweight ? ResultCode.notSupported : ResultCode.busy;
      live.send({ type: 'error', re: messageNumber['upd-query'], code });
      return;
    }
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined) return;
    this.#queries.add(live.device);
    try {
      await this.#answer(live, entry, query);
    } finally {
      this.#queries.delete(live.device);
    }
  }

  /** Propagation, step 4: an end node wants the ledger's word on what it was offered, or goes on with. */
  async proofWanted(live: LiveSession, challenge: Uint8Array): Promise<void> {
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined) return;
    if (live.lightweight || this.#parts.proofs === null || this.#queries.has(live.device)) {
      const code = this.#queries.has(live.device) ? ResultCode.busy : ResultCode.notSupported;
      live.send({ type: 'error', re: messageNumber['proof-want'], code });
      return;
    }
    this.#queries.add(live.device);
    try {
      await this.#answerProven(live, entry, challenge, 'propagation');
    } finally {
      this.#queries.delete(live.device);
    }
  }

  /** Update request, steps 9 and 10: the result is in the outbox before it is acknowledged. */
  async resulted(live: LiveSession, result: Result): Promise<void> {
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined) return;
    if (result.attempt > entry.attempt) await recordResult(this.#parts, entry, result);
    live.send(acknowledgeResult(result));
    await this.propagate(live);
  }

  /** The receiver's word on an object (§6.6 item 6). */
  async delivered(live: LiveSession, done: Done): Promise<void> {
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined) return;
    const release = this.#parts.releases.byImage(entry.model, done.sha256) ?? this.#current(entry);
    // Code 1: in use or stored already; its result comes, or has come.
    if (release === undefined || done.code === ResultCode.alreadyThere) return;
    if (done.code !== ResultCode.good) {
      await this.#refusedBy(entry, release, done.code);
      return;
    }
    if (!Buffer.from(done.sha256).equals(release.manifest.sha256)) return;
    // What this node never offered is nothing to spare the device for: its result says what it runs.
    const at = firstOffered(entry, release.record.id);
    if (at !== undefined) {
      const progress = takeDone(done, done.sha256, at);
      await this.#parts.database.update(entry.id, (each) => ({
        ...each,
        update: { ...each.update, release: release.record.id, progress },
      }));
    }
    this.#parts.events.emit({
      type: 'update-delivered',
      device: entry.id,
      release: release.record.id,
      protocol: protocolOf(entry.update.cause),
    });
  }

  /** §7.3: a proof set that did not win at the device. */
  async unproven(live: LiveSession): Promise<void> {
    const entry = this.#parts.database.get(live.device);
    if (entry !== undefined) await this.#parts.proofs?.rescue(live, entry);
  }

  /** Propagation, step 4: error 4 shows a device that runs something else; other codes refuse the offer. */
  async refused(live: LiveSession, message: ErrorMessage): Promise<void> {
    const entry = this.#parts.database.get(live.device);
    if (entry === undefined) return;
    if (offerShowsAbnormal(message)) {
      await this.#abnormal(entry, ['digest'], null);
      await this.#parts.database.update(entry.id, (each) => ({ ...each, update: NO_UPDATE }));
      return;
    }
    const release = this.#current(entry);
    if (message.re === messageNumber['upd-offer'] && release !== undefined) {
      await this.#refusedBy(entry, release, message.code);
    }
  }

  async #answer(live: LiveSession, entry: DeviceEntry, query: UpdQuery): Promise<void> {
    const { firmware } = entry;
    const hfw = new Uint8Array(Buffer.from(firmware.sha256, 'hex'));
    const expected = { ...firmware, seq: firmware.sequence, hfw };
    const judged = judgeQuery(query, entry.id, expected);
    if (judged.kind === 'false') {
      live.close(CloseCode.failed);
      return;
    }
    if (isSpared(entry, this.#parts.clock)) {
      this.#none(live, 'later');
      return;
    }
    if (judged.reasons.length > 0) {
      const sha256 = Buffer.from(query.hfw).toString('hex');
      await this.#abnormal(entry, judged.reasons, {
        sequence: query.seq,
        version: query.ver,
        sha256,
      });
      this.#none(live, 'abnormal');
      return;
    }
    await this.#ask(live, entry, query.challenge);
  }

  /** Update request, steps 4 to 8. */
  async #ask(live: LiveSession, entry: DeviceEntry, challenge: Uint8Array): Promise<void> {
    const { contracts, vendors, admission, proofs } = this.#parts;
    const { id: device, model, firmware } = entry;
    let release: VerifiedRelease | null;
    try {
      const vendor = await contracts.readVendor(entry.vendor);
      const answer = await vendors.updateRequest(vendor, { device, model, firmware });
      if (proofs !== null && challenge.length > 0) {
        await this.#answerProven(live, entry, challenge, 'request');
        return;
      }
      if (answer.type === 'current') {
        this.#none(live, 'current');
        return;
      }
      release = await admission.admit(Buffer.from(answer.release).toString('hex'));
    } catch (error) {
      this.#failed(live, error);
      return;
    }
    const fits =
      release !== null &&
      release.record.model === model &&
      isNewer(release.record.firmware, firmware);
    if (release === null || !fits || entry.refused.includes(release.record.id)) {
      this.#none(live, 'no-release');
      return;
    }
    await this.#offer(live, entry, release, 'request');
  }

  /** What the ledger says, and its proof, is the answer (§7.3). */
  async #answerProven(
    live: LiveSession,
    entry: DeviceEntry,
    challenge: Uint8Array,
    cause: UpdateReport['cause'],
  ): Promise<void> {
    const { proofs, deliveries } = this.#parts;
    if (proofs === null) return;
    try {
      const answer = await proofs.answer(entry, challenge);
      const told = deliveries.keep(live, answer.proofs);
      if (answer.kind === 'offer') await this.#offer(live, entry, answer.release, cause, told);
      else this.#none(live, answer.kind, told);
    } catch (error) {
      this.#failed(live, error);
    }
  }

  #failed(live: LiveSession, error: unknown): void {
    if (isEnding(error)) return;
    this.#parts.events.emit({ type: 'alarm', device: live.device, ...describe(error) });
    this.#none(live, 'later');
  }

  /** Update request, step 8; propagation, step 3: version and H(current fw) prove M. */
  async #offer(
    live: LiveSession,
    entry: DeviceEntry,
    release: VerifiedRelease,
    cause: UpdateReport['cause'],
    proofs: ToldProofs = null,
  ): Promise<void> {
    const { database, deliveries, events, clock, roots } = this.#parts;
    // An offer made again, after a session was lost, goes on for the reason of the first.
    const first = entry.update.release === release.record.id ? entry.update.cause : cause;
    let manifest;
    try {
      await roots.bring(live, entry, release.manifest.gen);
      manifest = await deliveries.prepare(live, release);
    } catch (error) {
      const id = release.record.id;
      events.emit({ type: 'release-refused', release: id, device: entry.id, ...describe(error) });
      return;
    }
    await database.update(entry.id, (each) => withOffer(each, release.record.id, cause, clock));
    const { sequence: seq, sha256 } = entry.firmware;
    const hfw = new Uint8Array(Buffer.from(sha256, 'hex'));
    live.send(offerUpdate({ seq, hfw }, manifest, proofs));
    if (cause === 'request') {
      const answered = { answer: 'offer', release: release.record.id } as const;
      events.emit({ type: 'update-answered', device: entry.id, ...answered });
    }
    // The offer that has the proofs is the same one again.
    if (cause === 'propagation' && proofs !== null) return;
    events.emit({
      type: 'update-offered',
      device: entry.id,
      release: release.record.id,
      protocol: protocolOf(first),
    });
  }

  async #refusedBy(entry: DeviceEntry, release: VerifiedRelease, code: number): Promise<void> {
    const { database, events } = this.#parts;
    // Busy: the device may be taking this very release; what stands of it stays.
    if (code !== ResultCode.busy) {
      await database.update(entry.id, (each) => ({
        ...each,
        update: NO_UPDATE,
        refused: remembered(each.refused, release, code),
      }));
    }
    events.emit({
      type: 'release-refused',
      release: release.record.id,
      device: entry.id,
      code: `DEVICE_CODE_${code}`,
      reason: 'the device does not take this release (codes: protocol §8)',
    });
  }

  #abnormal(
    entry: DeviceEntry,
    reasons: Parameters<StatusReports['reportAnew']>[1]['reasons'],
    answered: Parameters<StatusReports['reportAnew']>[1]['answered'],
  ): Promise<void> {
    const protocol = answered === null ? 'propagation' : 'updateRequest';
    const verdict = { protocol, status: 'abnormal', reasons, answered } as const;
    return this.#parts.reports.reportAnew(entry.id, verdict);
  }

  #none(
    live: LiveSession,
    answer: 'current' | 'no-release' | 'abnormal' | 'later',
    proofs: ToldProofs = null,
  ): void {
    const why = {
      current: NoUpdate.current,
      'no-release': NoUpdate.noRelease,
      abnormal: NoUpdate.abnormal,
      later: NoUpdate.later,
    }[answer];
    live.send(noUpdate(why, proofs));
    this.#parts.events.emit({
      type: 'update-answered',
      device: live.device,
      answer,
      release: null,
    });
  }

  /** True while the device takes this very release: it goes on by itself (§6.6 item 5). */
  #isTaking(entry: DeviceEntry, release: VerifiedRelease): boolean {
    const { progress, release: offered } = entry.update;
    const isThis = offered === release.record.id && progress.stage === 'trying';
    return isThis && isSpared(entry, this.#parts.clock);
  }

  #current({ update }: DeviceEntry): VerifiedRelease | undefined {
    return update.release === null ? undefined : this.#parts.releases.get(update.release);
  }
}
