/**
 * Carries out what a delivery asks for: slots, boot record, events (docs/protocol.md §6.6). One for each session, as the
 * delivery itself is.
 */
import { beginAttempt, beginTrial, endAttempt, spareSlot } from '../firmware/boot-record.ts';
import type { AttemptResult } from '../firmware/boot-record.ts';
import { DeviceDelivery } from '../protocol/delivery-device.ts';
import type { DeliveredImage, DeliveryEffect } from '../protocol/delivery-device.ts';
import type { InstallTarget, ManifestRefusal } from '../protocol/manifest-rules.ts';
import { suiteOf } from '../crypto/suites.ts';
import type { BlobRef } from '../wire/message-types.ts';
import type { DeviceServices, SessionLink } from './session-link.ts';

/** Deliveries of one session. */
export class Installer {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #delivery: DeviceDelivery;

  constructor(device: DeviceServices, link: SessionLink) {
    const { code } = device;
    this.#device = device;
    this.#link = link;
    this.#delivery = new DeviceDelivery({
      suite: suiteOf(link.epoch.assignment.suite),
      fmax: link.session.fmax,
      paths: code.paths,
      openRelease: (signed) => code.openRelease(signed),
    });
  }

  /** True while something is being fetched. */
  get active(): boolean {
    return this.#delivery.active;
  }

  get delivery(): DeviceDelivery {
    return this.#delivery;
  }

  /** §6.6, step 5: goes on where an earlier session stopped. */
  async resume(now: number): Promise<void> {
    const { transfer } = this.#device.memory.boot;
    if (transfer !== null) await this.run(this.#delivery.resume(transfer, this.#target(), now));
  }

  /** §6.6, step 1. */
  async offer(ref: BlobRef, now: number): Promise<void> {
    const attempt = this.#device.memory.boot.attempts + 1;
    await this.run(this.#delivery.offer(ref, this.#target(), attempt, now));
  }

  /** Does what a step of the delivery said, in that order. */
  async run(effects: readonly DeliveryEffect[]): Promise<void> {
    for (const effect of effects) await this.#do(effect);
  }

  async #do(effect: DeliveryEffect): Promise<void> {
    const { memory, emit } = this.#device;
    switch (effect.kind) {
      case 'send':
        this.#link.send(effect.message);
        break;
      case 'begin':
        await this.#begin(effect.image);
        break;
      case 'keep':
        await memory.saveBoot({ ...memory.boot, transfer: effect.transfer });
        break;
      case 'write':
        await memory.firmware.write(spareSlot(memory.boot), effect.at, effect.bytes);
        break;
      case 'progress':
        emit('updateProgress', { received: effect.received, size: effect.size });
        break;
      case 'verify':
        await this.#verify(effect.size);
        break;
      case 'install':
        await this.#install(effect.image);
        break;
      case 'end':
        await this.#end(effect.refusal, effect.image);
        break;
      case 'close':
        this.#link.end({ kind: 'closed', code: effect.code });
        break;
    }
  }

  async #begin({ manifest, attempt }: DeliveredImage): Promise<void> {
    const { memory, emit } = this.#device;
    await memory.saveBoot(beginAttempt(memory.boot, attempt));
    await memory.firmware.erase(spareSlot(memory.boot));
    const { seq, version, size } = manifest;
    emit('updateOffered', { seq, version, size });
  }

  async #verify(size: number): Promise<void> {
    const { memory } = this.#device;
    const digest = await memory.digestOf(spareSlot(memory.boot), size);
    await this.run(this.#delivery.readBack(digest));
  }

  async #install({ manifest, attempt }: DeliveredImage): Promise<void> {
    const { memory, emit } = this.#device;
    const { gen, seq, version, size, sha256 } = manifest;
    await memory.saveBoot(beginTrial(memory.boot, { gen, seq, version, size, sha256 }, attempt));
    emit('restarting', { seq, version });
    this.#link.end({ kind: 'restart' });
  }

  async #end(refusal: ManifestRefusal, image: DeliveredImage | null): Promise<void> {
    const { memory, emit } = this.#device;
    const { code, reason } = refusal;
    const result: AttemptResult | null = image && {
      attempt: image.attempt,
      seq: image.manifest.seq,
      sha256: image.manifest.sha256,
      code,
    };
    await memory.saveBoot(endAttempt(memory.boot, result));
    emit('updateRefused', { code, reason });
    if (result !== null) this.#link.send({ type: 'result', ...result });
  }

  #target(): InstallTarget {
    const { memory, identity, trustedTime, bootloader } = this.#device;
    const { vendor, model, component, gen } = identity;
    const { boot, image } = memory;
    return {
      vendor,
      model,
      component,
      rootsGen: gen,
      counter: boot.counter,
      inUse: { seq: image.seq, sha256: image.sha256 },
      slotBytes: memory.firmware.slotBytes,
      bootloader,
      time: trustedTime(),
      refused: boot.refused,
    };
  }
}
