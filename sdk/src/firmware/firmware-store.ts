/** Where a device's images and its boot record live: flash, files, or memory. */
import type { BootRecord, SlotName } from './boot-record.ts';

/**
 * Two slots and one record. What is written to a slot may be lost in a power cut until the next `save`, which makes it
 * lasting before the record; a call that fails rejects, and the device then drops its session and goes on from the last
 * record.
 */
export interface FirmwareStore {
  /** Room of one slot, bytes. */
  readonly slotBytes: number;
  /** The last record saved. */
  load(): Promise<BootRecord>;
  /** Replaces the record: all of it or nothing. Settles when it is safe from a power cut. */
  save(record: BootRecord): Promise<void>;
  /**
   * @param from first byte
   * @param to byte after the last, at most `slotBytes`
   */
  read(slot: SlotName, from: number, to: number): Promise<Uint8Array>;
  /** Writes `bytes` from byte `at` on. */
  write(slot: SlotName, at: number, bytes: Uint8Array): Promise<void>;
  /** Makes a slot ready for a new image. */
  erase(slot: SlotName): Promise<void>;
}
