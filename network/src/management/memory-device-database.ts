/** A device database in memory: what it holds is gone when the node ends. */
import type { DeviceDatabase, DeviceEntry, KidEntry } from './device-database.ts';
import { ManagementError } from './management-error.ts';

/** {@link DeviceDatabase} in memory. */
export class MemoryDeviceDatabase implements DeviceDatabase {
  readonly #capacity: number;
  readonly #entries = new Map<string, DeviceEntry>();
  /** Hex of every kid in use, and of the one before it. */
  readonly #kids = new Map<string, { readonly id: string; readonly kind: KidEntry['kind'] }>();

  /** @param options.capacity devices at most; @default 65_536 */
  constructor(options: { readonly capacity?: number } = {}) {
    this.#capacity = options.capacity ?? 65_536;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): DeviceEntry | undefined {
    return this.#entries.get(id);
  }

  byKid(kid: Uint8Array): KidEntry | undefined {
    const known = this.#kids.get(hex(kid));
    const entry = known && this.#entries.get(known.id);
    return known && entry && { kind: known.kind, entry };
  }

  ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  put(entry: DeviceEntry): Promise<void> {
    if (!this.#entries.has(entry.id) && this.#entries.size >= this.#capacity) {
      return Promise.reject(
        new ManagementError('DATABASE_FULL', `expected at most ${this.#capacity} devices`),
      );
    }
    this.#store(entry);
    return Promise.resolve();
  }

  update(
    id: string,
    change: (entry: DeviceEntry) => DeviceEntry,
  ): Promise<DeviceEntry | undefined> {
    const before = this.#entries.get(id);
    if (before === undefined) return Promise.resolve(undefined);
    const after = change(before);
    this.#store(after);
    return Promise.resolve(after);
  }

  remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#forgetKids(entry);
    this.#entries.delete(id);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#entries.clear();
    this.#kids.clear();
    return Promise.resolve();
  }

  #store(entry: DeviceEntry): void {
    const before = this.#entries.get(entry.id);
    if (before !== undefined && before.serial !== entry.serial) this.#forgetKids(before);
    this.#entries.set(entry.id, entry);
    const { kid, prevKid } = entry.secrets.assignment;
    this.#kids.set(hex(kid), { id: entry.id, kind: 'current' });
    if (prevKid.length > 0) this.#kids.set(hex(prevKid), { id: entry.id, kind: 'replaced' });
  }

  #forgetKids(entry: DeviceEntry): void {
    const { kid, prevKid } = entry.secrets.assignment;
    this.#kids.delete(hex(kid));
    this.#kids.delete(hex(prevKid));
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
