/**
 * All that a running device knows, and its order of writing: what goes to a store is written one after another, and whoever
 * awaits a change knows that it is safe before the next frame leaves (docs/protocol.md §2.1, §5 "Crash safety").
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { boot, imageInUse, slotInUse } from '../firmware/boot-record.ts';
import type { BootRecord, SlotImage } from '../firmware/boot-record.ts';
import type { FirmwareStore } from '../firmware/firmware-store.ts';
import type { DeviceRecord, KeyStore } from '../firmware/key-store.ts';
import { Measurement, type MeasuringSuite } from '../protocol/measure.ts';
import type { ImageMeasure } from '../protocol/measure.ts';
import { openForFirstSession, opensIn, startWindow, storedWindow } from '../protocol/window.ts';
import type { DeviceWindow } from '../protocol/window.ts';
import { ResultCode, StateFlag } from '../wire/message-types.ts';
import type { DeviceState } from '../wire/message-types.ts';
import type { DeviceClock } from './clock.ts';

/** Bytes of flash read at a time. */
const READ_BYTES = 65536;
/** §6.3: answers in a row without a right proof, after which M is told. */
const STALE_ANSWERS = 3;

/** Where a device keeps things. */
export interface DeviceStores {
  readonly keys: KeyStore;
  readonly firmware: FirmwareStore;
}

/** The state of one device between its starts. */
export class DeviceMemory {
  readonly #stores: DeviceStores;
  readonly #clock: DeviceClock;
  readonly #ownFlags: number;
  #keys: DeviceRecord;
  #boot: BootRecord;
  #window: DeviceWindow;
  #restarted = true;
  #fellBack: SlotImage | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    stores: DeviceStores,
    clock: DeviceClock,
    records: { readonly keys: DeviceRecord; readonly boot: BootRecord },
    ownFlags: number,
  ) {
    this.#stores = stores;
    this.#clock = clock;
    this.#keys = records.keys;
    this.#boot = records.boot;
    this.#ownFlags = ownFlags;
    this.#window = startWindow(records.keys.window, clock.now());
  }

  /**
   * A start of the device (§6.1): picks the slot, opens the window, and stores both before anything else.
   *
   * @param ownFlags bits of `state.flags` that never change
   */
  static async start(
    stores: DeviceStores,
    clock: DeviceClock,
    keys: DeviceRecord,
    ownFlags: number,
  ): Promise<DeviceMemory> {
    const before = await stores.firmware.load();
    const record = boot(before);
    const memory = new DeviceMemory(stores, clock, { keys, boot: record }, ownFlags);
    if (before.trial !== null && record.trial === null) {
      memory.#fellBack = before.images[before.trial.slot];
    }
    await memory.saveBoot(record);
    await memory.saveKeys({});
    return memory;
  }

  get keys(): DeviceRecord {
    return this.#keys;
  }

  get boot(): BootRecord {
    return this.#boot;
  }

  /** The image that used up its tries, when this start brought the old one back. */
  get fellBack(): SlotImage | null {
    return this.#fellBack;
  }

  get window(): DeviceWindow {
    return this.#window;
  }

  get image(): SlotImage {
    return imageInUse(this.#boot);
  }

  get firmware(): FirmwareStore {
    return this.#stores.firmware;
  }

  /** Changes the window; {@link saveKeys} makes it lasting. */
  setWindow(window: DeviceWindow): void {
    this.#window = window;
  }

  /**
   * Changes some of the keys, and stores them together with the window. The change holds even when storing it fails:
   * a counter that was taken is never taken again.
   */
  async saveKeys(change: Partial<DeviceRecord>): Promise<void> {
    this.#keys = { ...this.#keys, ...change, window: storedWindow(this.#window) };
    const record = this.#keys;
    await this.#write(() => this.#stores.keys.save(record));
  }

  /** Takes the next boot record once it is stored: what failed to be written has not happened. */
  async saveBoot(record: BootRecord): Promise<void> {
    await this.#write(() => this.#stores.firmware.save(record));
    this.#boot = record;
  }

  /**
   * §6.3: an answer that has proven itself, or has not.
   *
   * @returns how many in a row have not
   */
  async countProof(right: boolean): Promise<number> {
    const { ledger } = this.#keys;
    if (ledger === null) return 0;
    const unproven = right ? 0 : ledger.unproven + 1;
    if (unproven !== ledger.unproven) await this.saveKeys({ ledger: { ...ledger, unproven } });
    return unproven;
  }

  /** §6.8: the highest time of proofs that were believed. */
  async sawLedgerTime(time: number): Promise<void> {
    const { ledger } = this.#keys;
    if (ledger === null || time <= ledger.time) return;
    await this.saveKeys({ ledger: { ...ledger, time } });
  }

  /** §2.3, retire. */
  async eraseKeys(): Promise<void> {
    await this.#write(() => this.#stores.keys.erase());
  }

  /** A session is complete: `restarted` has been told. */
  sessionComplete(): void {
    this.#restarted = false;
  }

  /** §6.1: the first session of a start finds the window open. Call before Finish. */
  expectSession(): void {
    this.#window = openForFirstSession(this.#window, this.#clock.now());
  }

  /** What D tells of itself in Finish and mon-ans. */
  state(): DeviceState {
    const { window, image } = this;
    const { early, late, badsig, dup } = window;
    const { badauth, resync, skipped } = this.#keys;
    return {
      seq: image.seq,
      sha256: image.sha256,
      ivn: window.ivn,
      opensIn: opensIn(window, this.#clock.now()),
      flags: this.#flags(),
      pending: this.#boot.result?.attempt ?? 0,
      stats: { early, late, badauth, badsig, dup, resync, skipped },
    };
  }

  #flags(): number {
    const { trial, result } = this.#boot;
    const fellBack = result?.code === ResultCode.healthCheckFellBack;
    return (
      this.#ownFlags |
      (this.#restarted ? StateFlag.restarted : 0) |
      (trial?.running ? StateFlag.onTrial : 0) |
      (fellBack ? StateFlag.fellBack : 0) |
      ((this.#keys.ledger?.unproven ?? 0) >= STALE_ANSWERS ? StateFlag.staleProofs : 0)
    );
  }

  /** Measures the slot in use now, as it is in flash. */
  async measure(suite: MeasuringSuite, r: Uint8Array): Promise<ImageMeasure> {
    const measurement = new Measurement(suite, r, this.image.size);
    await this.#read(slotInUse(this.#boot), this.image.size, measurement);
    return measurement.finish();
  }

  /** Bytes of the image in use, as they are in flash. */
  readImage(from: number, to: number): Promise<Uint8Array> {
    return this.#stores.firmware.read(slotInUse(this.#boot), from, to);
  }

  /** SHA-256 of the slot in use now, as it is in flash. */
  digest(): Promise<Uint8Array> {
    return this.digestOf(slotInUse(this.#boot), this.image.size);
  }

  /** §6.6, step 6: SHA-256 over a new image as read from flash. */
  async digestOf(slot: 'A' | 'B', size: number): Promise<Uint8Array> {
    const hash = sha256.create();
    await this.#read(slot, size, hash);
    return hash.digest();
  }

  async #read(
    slot: 'A' | 'B',
    size: number,
    into: { update(piece: Uint8Array): unknown },
  ): Promise<void> {
    for (let from = 0; from < size; from += READ_BYTES) {
      const to = Math.min(size, from + READ_BYTES);
      into.update(await this.#stores.firmware.read(slot, from, to));
    }
  }

  /** One write after another; a failed one fails its caller only. */
  #write(write: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(write);
    this.#writing = done.catch(() => undefined);
    return done;
  }
}
