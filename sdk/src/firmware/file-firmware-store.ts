/**
 * Slots and boot record as files of a directory (docs/protocol.md §6.6): `slot-a`, `slot-b`, `boot`. A record never
 * becomes lasting before the bytes of the slots that it speaks of.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bootRecordCodec } from './boot-record-codec.ts';
import { factoryRecord } from './boot-record.ts';
import type { BootRecord, SlotName } from './boot-record.ts';
import type { Disk } from './disk.ts';
import { StoreError } from './errors.ts';
import type { FirmwareStore } from './firmware-store.ts';
import type { FactoryImage } from './memory-firmware-store.ts';
import { RecordFile } from './record-file.ts';

/** What flash holds where nothing was written. */
const ERASED = 0xff;

/** What a device's first start puts into its slots. */
export interface FactoryParts {
  /** Room of each slot, bytes. */
  readonly slotBytes: number;
  /** Gives the image in slot A; asked for at the first start only. */
  readonly factory: () => FactoryImage | Promise<FactoryImage>;
}

/** A {@link FirmwareStore} in files. */
export class FileFirmwareStore implements FirmwareStore {
  readonly slotBytes: number;
  readonly #disk: Disk;
  readonly #paths: { readonly [S in SlotName]: string };
  readonly #record: RecordFile;
  readonly #unsynced = new Set<SlotName>();

  private constructor(directory: string, disk: Disk, slotBytes: number) {
    this.slotBytes = slotBytes;
    this.#disk = disk;
    this.#paths = { A: disk.join(directory, 'slot-a'), B: disk.join(directory, 'slot-b') };
    this.#record = new RecordFile({ disk, directory, name: 'boot', kind: 'boot' });
  }

  /**
   * Opens the store of a directory that is there; the first time, the factory image is put into slot A.
   *
   * @throws {@link StoreError} `RECORD_DAMAGED` or `RECORD_VERSION`
   * @throws {@link RangeError} when the factory image is larger than a slot
   */
  static async open(
    directory: string,
    { slotBytes, factory }: FactoryParts,
    disk: Disk,
  ): Promise<FileFirmwareStore> {
    const store = new FileFirmwareStore(directory, disk, slotBytes);
    if ((await store.#record.load()) === null) await store.#make(await factory(), directory);
    return store;
  }

  async load(): Promise<BootRecord> {
    const bytes = await this.#record.load();
    if (bytes === null) throw new StoreError('RECORD_DAMAGED', 'expected a boot record, got none');
    return this.#record.decode(bootRecordCodec, bytes);
  }

  async save(record: BootRecord): Promise<void> {
    for (const slot of this.#unsynced) {
      await this.#disk.sync(this.#paths[slot]);
      this.#unsynced.delete(slot);
    }
    await this.#record.save(bootRecordCodec.encode(record));
  }

  async read(slot: SlotName, from: number, to: number): Promise<Uint8Array> {
    this.#checkEnd(to);
    const bytes = new Uint8Array(to - from).fill(ERASED);
    bytes.set(await this.#disk.readAt(this.#paths[slot], from, to - from));
    return bytes;
  }

  async write(slot: SlotName, at: number, bytes: Uint8Array): Promise<void> {
    this.#checkEnd(at + bytes.length);
    this.#unsynced.add(slot);
    await this.#disk.writeAt(this.#paths[slot], at, bytes);
  }

  async erase(slot: SlotName): Promise<void> {
    this.#unsynced.add(slot);
    await this.#disk.truncate(this.#paths[slot]);
  }

  async #make(image: FactoryImage, directory: string): Promise<void> {
    const { bytes, gen, seq, version } = image;
    this.#checkEnd(bytes.length);
    await this.#disk.write(this.#paths.A, bytes);
    await this.#disk.write(this.#paths.B, new Uint8Array(0));
    for (const path of [this.#paths.A, this.#paths.B]) await this.#disk.sync(path);
    await this.#disk.syncDirectory(directory);
    const size = bytes.length;
    await this.save(factoryRecord({ gen, seq, version, size, sha256: sha256(bytes) }));
  }

  #checkEnd(end: number): void {
    if (end > this.slotBytes) {
      throw new RangeError(`expected at most ${this.slotBytes} bytes, got ${end}`);
    }
  }
}
