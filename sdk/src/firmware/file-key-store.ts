/**
 * Keys and counters in one file of a directory (docs/protocol.md §2.1): `keys`, written beside, synced and renamed. Where a
 * generation or vendor key has moved on, the record before is overwritten too, as far as a file system lets it be.
 */
import { asciiBytes } from '../wire/bytes.ts';
import {
  DEVICE_RECORD_VERSION,
  deviceRecordCodec,
  upgradeDeviceRecord,
} from './device-record-codec.ts';
import type { Disk } from './disk.ts';
import { retired } from './errors.ts';
import type { DeviceRecord, KeyStore } from './key-store.ts';
import { RecordFile } from './record-file.ts';

/** A {@link KeyStore} in files. */
export class FileKeyStore implements KeyStore {
  readonly #keys: RecordFile;
  readonly #retired: RecordFile;
  #saved: DeviceRecord | null = null;

  /** @param directory one device's own, and there */
  constructor(directory: string, disk: Disk) {
    this.#keys = new RecordFile({
      disk,
      directory,
      name: 'keys',
      kind: 'keys',
      version: DEVICE_RECORD_VERSION,
      upgrade: upgradeDeviceRecord,
    });
    this.#retired = new RecordFile({ disk, directory, name: 'retired', kind: 'retired' });
  }

  /** @throws {@link StoreError} `DEVICE_RETIRED`, `RECORD_DAMAGED` or `RECORD_VERSION` */
  async load(): Promise<DeviceRecord | null> {
    if ((await this.#retired.load()) !== null) {
      // A power cut may have come before the keys were overwritten.
      await this.#keys.erase();
      throw retired();
    }
    const bytes = await this.#keys.load();
    this.#saved = bytes && this.#keys.decode(deviceRecordCodec, bytes);
    return this.#saved;
  }

  async save(record: DeviceRecord): Promise<void> {
    const wipe = this.#saved !== null && secretsMoved(this.#saved, record);
    await this.#keys.save(deviceRecordCodec.encode(record), wipe);
    this.#saved = record;
  }

  async erase(): Promise<void> {
    await this.#retired.save(asciiBytes('retired by the vendor'));
    await this.#keys.erase();
    this.#saved = null;
  }
}

/** §2.1, §3.2: K_g forward, then the old one overwritten; §2.2: kv_{n+1} only. */
function secretsMoved(before: DeviceRecord, after: DeviceRecord): boolean {
  return (
    before.kvN !== after.kvN ||
    before.epoch.generation.index !== after.epoch.generation.index ||
    before.former?.generation.index !== after.former?.generation.index
  );
}
