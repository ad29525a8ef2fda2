/**
 * The device database on the disk (design §8): reads and changes happen in memory at once, a promise resolves when the
 * change is on the disk, so that answered counter, R and n are there before they are used (protocol §2.1, §3.1, §6.2).
 */
import { decodeAssignment } from '@lamplighter/sdk/wire';
import type { DeviceDatabase, DeviceEntry, KidEntry } from '../device-database.ts';
import { MemoryDeviceDatabase } from '../memory-device-database.ts';
import type { DurableWriter } from './durable-writer.ts';
import { decodeRecord, encodeRecord } from './json-bytes.ts';
import type { Change, KeyValueStore } from './key-value-store.ts';
import { isStorageFailure } from './storage-failures.ts';

const PREFIX = 'device/';

/** Options of {@link DurableDeviceDatabase.open}. */
export interface DurableDeviceDatabaseOptions {
  /** Read once; its values are sealed. */
  readonly store: KeyValueStore;
  readonly writer: DurableWriter;
  /** Devices at most. @default 65_536 */
  readonly capacity?: number;
  /** Hears a failure to write what memory has, after the disk had come back. */
  readonly onFailure: (error: unknown) => void;
}

/** See the module comment. */
export class DurableDeviceDatabase implements DeviceDatabase {
  readonly #memory: MemoryDeviceDatabase;
  readonly #writer: DurableWriter;
  /** Devices whose last write failed: memory is ahead of the disk. */
  readonly #behind = new Set<string>();

  private constructor(options: DurableDeviceDatabaseOptions) {
    const { writer, capacity } = options;
    this.#memory = new MemoryDeviceDatabase(capacity === undefined ? {} : { capacity });
    this.#writer = writer;
    writer.onRecovered(() => {
      this.#catchUp().catch(options.onFailure);
    });
  }

  /** @throws {@link ManagementError} STORAGE_DAMAGED, DATABASE_FULL */
  static async open(options: DurableDeviceDatabaseOptions): Promise<DurableDeviceDatabase> {
    const database = new DurableDeviceDatabase(options);
    for await (const [, value] of options.store.entries(PREFIX)) {
      await database.#memory.put(decodeEntry(value));
    }
    return database;
  }

  get size(): number {
    return this.#memory.size;
  }

  get(id: string): DeviceEntry | undefined {
    return this.#memory.get(id);
  }

  byKid(kid: Uint8Array): KidEntry | undefined {
    return this.#memory.byKid(kid);
  }

  ids(): readonly string[] {
    return this.#memory.ids();
  }

  async put(entry: DeviceEntry): Promise<void> {
    const taken = this.#memory.put(entry);
    if (this.#memory.get(entry.id) === entry) await this.#store(entry.id);
    await taken;
  }

  async update(
    id: string,
    change: (entry: DeviceEntry) => DeviceEntry,
  ): Promise<DeviceEntry | undefined> {
    const changed = this.#memory.update(id, change);
    if (this.#memory.get(id) !== undefined) await this.#store(id);
    return changed;
  }

  async remove(id: string): Promise<void> {
    const removed = this.#memory.remove(id);
    await this.#store(id);
    await removed;
  }

  /** What is on the disk stays; the writer is its owner's. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#memory[Symbol.asyncDispose]();
  }

  /** Called in the same turn as the change in memory, so that writes of a device keep the order of its changes. */
  async #store(id: string): Promise<void> {
    try {
      await this.#writer.write([this.#change(id)]);
    } catch (error) {
      if (isStorageFailure(error)) this.#behind.add(id);
      throw error;
    }
  }

  async #catchUp(): Promise<void> {
    const ids = [...this.#behind];
    this.#behind.clear();
    await Promise.all(ids.map((id) => this.#store(id)));
  }

  #change(id: string): Change {
    const entry = this.#memory.get(id);
    return { key: `${PREFIX}${id}`, value: entry === undefined ? null : encodeEntry(entry) };
  }
}

/** What entries of earlier versions do not have. */
type StoredEntry = Omit<DeviceEntry, Later> & Partial<Pick<DeviceEntry, Later>>;
type Later = 'formerKids' | 'offered';

/** The assignment is in its payload, and is not kept twice. */
function encodeEntry(entry: DeviceEntry): Uint8Array {
  return encodeRecord({ ...entry, secrets: { ...entry.secrets, assignment: null } });
}

function decodeEntry(bytes: Uint8Array): DeviceEntry {
  const entry = decodeRecord(bytes) as StoredEntry;
  return {
    ...entry,
    formerKids: entry.formerKids ?? [],
    offered: entry.offered ?? [],
    secrets: { ...entry.secrets, assignment: decodeAssignment(entry.secrets.payload) },
  };
}
