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
import { ResultCode } from '../wire/message-types.ts';
import type { BlobRef } from '../wire/message-types.ts';
import { decodeRoots } from '../wire/roots.ts';
import type { DeviceServices, SessionLink } from './session-link.ts';

/** Verdicts on a manifest that show it as another than the ledger names. */
const UNPROVEN: readonly number[] = [
  ResultCode.proofsMissingOrStale,
  ResultCode.signature,
  ResultCode.chunkOrDigest,
];

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
      openRelease: (signed) => code.openRelease(signed, device.memory.keys.roots),
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
  async resume(now: number, proven?: Uint8Array): Promise<void> {
    const { transfer } = this.#device.memory.boot;
    if (transfer === null) return;
    await this.run(this.#delivery.resume(transfer, this.#target(proven), now));
  }

  /** §6.6, step 1. @param proven what the ledger names, where a proof is asked */
  async offer(ref: BlobRef, now: number, proven?: Uint8Array): Promise<void> {
    const attempt = this.#device.memory.boot.attempts + 1;
    await this.run(this.#delivery.offer(ref, this.#target(proven), attempt, now));
  }

  /** A transfer of an earlier session is not to go on. */
  async abandon(refusal: ManifestRefusal): Promise<void> {
    const { memory, emit } = this.#device;
    await memory.saveBoot(endAttempt(memory.boot, null));
    emit('updateRefused', refusal);
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
    await memory.countProof(true);
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
    await this.#countProof(refusal, image);
    if (result !== null) this.#link.send({ type: 'result', ...result });
  }

  /** §6.3: a manifest that is not the vendor's, or not the one named, is no right answer. */
  async #countProof({ code, reason }: ManifestRefusal, image: unknown): Promise<void> {
    const { memory, emit } = this.#device;
    if (memory.keys.ledger === null) return;
    const right = image !== null || !UNPROVEN.includes(code);
    const inARow = await memory.countProof(right);
    if (!right) emit('unproven', { code: 'RELEASE_NOT_APPROVED', reason, dropped: {}, inARow });
  }

  #target(proven?: Uint8Array): InstallTarget {
    const { memory, identity, trustedTime, bootloader } = this.#device;
    const { vendor, model, component } = identity;
    const { boot, image, keys } = memory;
    return {
      vendor,
      model,
      component,
      rootsGen: keys.roots && decodeRoots(keys.roots).gen,
      counter: boot.counter,
      inUse: { seq: image.seq, sha256: image.sha256 },
      slotBytes: memory.firmware.slotBytes,
      bootloader,
      // §6.8: without a clock, the ledger's time is a lower bound.
      time: trustedTime() ?? (keys.ledger?.time || null),
      refused: boot.refused,
      ...(proven === undefined ? {} : { proven }),
    };
  }
}
