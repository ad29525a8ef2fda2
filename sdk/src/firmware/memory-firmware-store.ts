/** A firmware store in memory: for tests, simulated devices, and devices that load their image at every start. */
import { sha256 } from '@noble/hashes/sha2.js';
import { factoryRecord } from './boot-record.ts';
import type { BootRecord, SlotImage, SlotName } from './boot-record.ts';
import type { FirmwareStore } from './firmware-store.ts';

/** What a new device holds. */
export interface FactoryImage extends Omit<SlotImage, 'size' | 'sha256'> {
  readonly bytes: Uint8Array;
}

/** Slots as byte arrays. */
export class MemoryFirmwareStore implements FirmwareStore {
  readonly slotBytes: number;
  readonly #slots: { readonly [S in SlotName]: Uint8Array };
  #record: BootRecord;

  /**
   * @param factory the image in slot A
   * @param slotBytes room of each slot
   * @throws {@link RangeError} when the image is larger than a slot
   */
  constructor(factory: FactoryImage, slotBytes: number) {
    const { bytes, gen, seq, version } = factory;
    this.slotBytes = slotBytes;
    this.#slots = { A: new Uint8Array(slotBytes), B: new Uint8Array(slotBytes) };
    this.#put('A', 0, bytes);
    const image = { gen, seq, version, size: bytes.length, sha256: sha256(bytes) };
    this.#record = factoryRecord(image);
  }

  load(): Promise<BootRecord> {
    return Promise.resolve(this.#record);
  }

  save(record: BootRecord): Promise<void> {
    this.#record = record;
    return Promise.resolve();
  }

  read(slot: SlotName, from: number, to: number): Promise<Uint8Array> {
    return Promise.resolve(this.#slots[slot].slice(from, to));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a RangeError has to come as a rejection
  async write(slot: SlotName, at: number, bytes: Uint8Array): Promise<void> {
    this.#put(slot, at, bytes);
  }

  erase(slot: SlotName): Promise<void> {
    this.#slots[slot].fill(0xff);
    return Promise.resolve();
  }

  #put(slot: SlotName, at: number, bytes: Uint8Array): void {
    if (at + bytes.length > this.slotBytes) {
      throw new RangeError(`expected at most ${this.slotBytes} bytes, got ${at + bytes.length}`);
    }
    this.#slots[slot].set(bytes, at);
  }
}
