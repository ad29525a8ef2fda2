/** Protocols 2 and 4 on a device (docs/protocol.md §6.3, §6.5, §6.6): queries, offers, deliveries, results. */
import { acknowledge } from '../firmware/boot-record.ts';
import {
  admitOffer,
  closeQuery,
  judgeOffer,
  mayQuery,
  openChallenge,
  openQuery,
  refuseOffer,
} from '../protocol/update-device.ts';
import type { ContentFrame } from '../wire/frames.ts';
import { suiteOf } from '../crypto/suites.ts';
import { CloseCode, NoUpdate, ResultCode } from '../wire/message-types.ts';
import type { BlobRef, Message, UpdOffer } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { manifestOf } from '../protocol/proof-statements.ts';
import type { ReleaseStatement } from '../protocol/proof-statements.ts';
import { equalBytes } from '../wire/bytes.ts';
import { decodeSigned } from '../wire/signed.ts';
import { Installer } from './installer.ts';
import { ProofService } from './proof-service.ts';
import type { ProvableAnswer } from './proof-service.ts';
import type { DeviceServices, Handlers, SessionLink } from './session-link.ts';

/** §4. */
const NO_FIRMWARE = { code: ResultCode.notSupported, reason: 'the suite is too weak for firmware' };

/** Updates in one session. */
export class UpdateService {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #installer: Installer;
  readonly #proofs: ProofService;

  readonly handlers: Handlers = {
    'upd-none': (none) => this.#none(none),
    'upd-offer': (offer) => this.#offer(offer),
    head: (head) => this.#installer.run(this.#installer.delivery.head(head)),
    blob: (blob) =>
      this.#proofs.expects(blob.sha256)
        ? this.#proofs.blob(blob)
        : this.#installer.run(this.#installer.delivery.blob(blob, this.#now())),
    'result-ack': ({ attempt }) => {
      const { memory } = this.#device;
      return memory.saveBoot(acknowledge(memory.boot, attempt));
    },
    error: async ({ re }) => {
      if (re === messageNumber.want && this.#proofs.linking) await this.#proofs.noLink();
      // Where a proof is due, an error is no answer: the challenge stays open until its time is over.
      if (re === messageNumber['upd-query'] && !this.#proofs.required) this.#closeQuery();
    },
  };

  constructor(device: DeviceServices, link: SessionLink) {
    this.#device = device;
    this.#link = link;
    this.#installer = new Installer(device, link);
    this.#proofs = new ProofService(device, link, (...proven) => this.#proven(...proven));
  }

  /** §6.6, steps 5 and 7: what a new session is told at once. */
  async begin(): Promise<void> {
    const { result, transfer } = this.#device.memory.boot;
    if (result !== null) this.#link.send({ type: 'result', ...result });
    // What was approved when the transfer began may have been withdrawn meanwhile.
    if (transfer !== null && this.#proofs.required) await this.#proofs.want();
    // What began under another assignment does not go on under a weak suite.
    else if (transfer !== null && this.#isLegacy) await this.#installer.abandon(NO_FIRMWARE);
    else await this.#installer.resume(this.#now());
  }

  /** §4: firmware never comes under a suite for legacy devices. */
  get #isLegacy(): boolean {
    return suiteOf(this.#link.epoch.assignment.suite).legacy;
  }

  /** Proofs of this session, for what a push changes. */
  get proofs(): ProofService {
    return this.#proofs;
  }

  /** §6.6, step 4. */
  content(frame: ContentFrame): Promise<void> {
    return this.#installer.run(this.#installer.delivery.content(frame, this.#now()));
  }

  /** §6.6, step 4: drops a connection that delivers too slowly. */
  tick(): void {
    if (!this.#installer.delivery.stalled(this.#now())) return;
    this.#link.end({ kind: 'closed', code: CloseCode.deadline });
  }

  /** False while an answer is awaited or a delivery is under way; a lightweight node never asks (§6.3). */
  get mayQuery(): boolean {
    if (this.#device.code.deviceClass === 1) return false;
    const isBusy = this.#installer.active || this.#proofs.active;
    return !isBusy && mayQuery(this.#device.updates.state, this.#now());
  }

  /** Update request, step 2. */
  async query(): Promise<void> {
    await this.#proofs.newChallenge();
    const { memory, code, random, updates } = this.#device;
    const { seq, version, size } = memory.image;
    const hfw = await memory.digest();
    const { idD } = this.#link.epoch.assignment;
    const own = { seq, version, size, hfw };
    const { state, query } = openQuery(
      updates.state,
      idD,
      own,
      code.challenge(random),
      this.#now(),
    );
    updates.state = state;
    this.#link.send(query);
  }

  /** Update request, step 8; propagation, steps 3 and 4. */
  async #offer(offer: UpdOffer): Promise<void> {
    const { memory, updates } = this.#device;
    if (this.#isLegacy) {
      this.#link.send(refuseOffer(ResultCode.notSupported));
      return;
    }
    const challenge = this.#proofs.required ? openChallenge(updates.state, this.#now()) : null;
    // It crossed the challenge: the answer is still to come.
    if (challenge !== null && offer.proofs === false) return;
    const admitted = admitOffer(updates.state, this.#now());
    updates.state = admitted.state;
    if (admitted.refusal !== null) {
      this.#link.send(admitted.refusal);
      return;
    }
    // One attempt at a time: the last one's result comes first, and an image on trial is not replaced.
    if (this.#isBusy) {
      this.#link.send(refuseOffer(ResultCode.busy));
      return;
    }
    const hfw = await memory.digest();
    const judged = judgeOffer(offer, { seq: memory.image.seq, hfw });
    if ('refusal' in judged) {
      this.#link.send(judged.refusal);
      if (challenge !== null) await this.#proofs.missing('the answer is for another firmware');
    } else await this.#fetch(offer, judged.manifest, challenge);
  }

  /** The proofs first, where there is a ledger; then the manifest. */
  async #fetch(offer: UpdOffer, manifest: BlobRef, challenge: Uint8Array | null): Promise<void> {
    if (!this.#proofs.required) await this.#installer.offer(manifest, this.#now());
    else if (challenge === null) await this.#proofs.want();
    else await this.#proofs.fetch({ kind: 'offer', manifest }, offer.proofs, challenge);
  }

  /** Update request, step 8: "current" comes with proofs, so that nobody hides a release. */
  async #none({ why, proofs }: Extract<Message, { type: 'upd-none' }>): Promise<void> {
    const { updates, emit } = this.#device;
    if (!this.#proofs.required) {
      this.#closeQuery();
      emit('noUpdate', { why });
      return;
    }
    const challenge = openChallenge(updates.state, this.#now());
    if (challenge === null || this.#proofs.active) return;
    const claims = why === NoUpdate.current || why === NoUpdate.noRelease;
    await this.#proofs.fetch({ kind: 'none', why }, claims && proofs, challenge);
    if (!claims) emit('noUpdate', { why });
  }

  /** The ledger has spoken for this challenge. */
  async #proven(answer: ProvableAnswer, statement: ReleaseStatement): Promise<void> {
    const { memory, emit } = this.#device;
    const named = manifestOf(statement);
    const { transfer } = memory.boot;
    const goesOn = transfer !== null && !this.#installer.active;
    if (goesOn && answer.kind === 'offer' && named !== null && isOf(transfer.signed, named)) {
      await this.#installer.resume(this.#now(), named);
      return;
    }
    if (goesOn) {
      const reason = 'the ledger names the release no longer whose transfer had begun';
      await this.#installer.abandon({ code: ResultCode.proofsMissingOrStale, reason });
    }
    if (answer.kind === 'none') emit('noUpdate', { why: answer.why });
    else if (named !== null) await this.#installer.offer(answer.manifest, this.#now(), named);
  }

  get #isBusy(): boolean {
    const { result, trial } = this.#device.memory.boot;
    return result !== null || trial !== null || this.#proofs.active;
  }

  #closeQuery(): void {
    const { updates } = this.#device;
    updates.state = closeQuery(updates.state);
  }

  #now(): number {
    return this.#device.clock.now();
  }
}

/** True when an envelope's payload has this digest. It was verified before it was kept. */
function isOf(signed: Uint8Array, digest: Uint8Array): boolean {
  return equalBytes(sha256(decodeSigned(signed).payload), digest);
}
