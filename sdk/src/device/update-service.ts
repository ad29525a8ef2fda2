/** Protocols 2 and 4 on a device (docs/protocol.md §6.3, §6.5, §6.6): queries, offers, deliveries, results. */
import { acknowledge } from '../firmware/boot-record.ts';
import {
  admitOffer,
  closeQuery,
  judgeOffer,
  mayQuery,
  openQuery,
  refuseOffer,
} from '../protocol/update-device.ts';
import type { ContentFrame } from '../wire/frames.ts';
import { CloseCode, ResultCode } from '../wire/message-types.ts';
import type { UpdOffer } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import { Installer } from './installer.ts';
import type { DeviceServices, Handlers, SessionLink } from './session-link.ts';

/** Updates in one session. */
export class UpdateService {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #installer: Installer;

  readonly handlers: Handlers = {
    'upd-none': ({ why }) => {
      this.#closeQuery();
      this.#device.emit('noUpdate', { why });
    },
    'upd-offer': (offer) => this.#offer(offer),
    head: (head) => this.#installer.run(this.#installer.delivery.head(head)),
    blob: (blob) => this.#installer.run(this.#installer.delivery.blob(blob, this.#now())),
    'result-ack': ({ attempt }) => {
      const { memory } = this.#device;
      return memory.saveBoot(acknowledge(memory.boot, attempt));
    },
    error: ({ re }) => {
      if (re === messageNumber['upd-query']) this.#closeQuery();
    },
  };

  constructor(device: DeviceServices, link: SessionLink) {
    this.#device = device;
    this.#link = link;
    this.#installer = new Installer(device, link);
  }

  /** §6.6, steps 5 and 7: what a new session is told at once. */
  async begin(): Promise<void> {
    const { result } = this.#device.memory.boot;
    if (result !== null) this.#link.send({ type: 'result', ...result });
    await this.#installer.resume(this.#now());
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
    return !this.#installer.active && mayQuery(this.#device.updates.state, this.#now());
  }

  /** Update request, step 2. */
  async query(): Promise<void> {
    const { memory, code, random, updates } = this.#device;
    const { seq, version, size } = memory.image;
    const { hfw } = await memory.measure();
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
    const admitted = admitOffer(updates.state, this.#now());
    updates.state = admitted.state;
    if (admitted.refusal !== null) {
      this.#link.send(admitted.refusal);
      return;
    }
    // One attempt at a time: the last one's result comes first, and an image on trial is not replaced.
    if (memory.boot.result !== null || memory.boot.trial !== null) {
      this.#link.send(refuseOffer(ResultCode.busy));
      return;
    }
    const { hfw } = await memory.measure();
    const judged = judgeOffer(offer, { seq: memory.image.seq, hfw });
    if ('refusal' in judged) this.#link.send(judged.refusal);
    else await this.#installer.offer(judged.manifest, this.#now());
  }

  #closeQuery(): void {
    const { updates } = this.#device;
    updates.state = closeQuery(updates.state);
  }

  #now(): number {
    return this.#device.clock.now();
  }
}
