/** A device database in memory: what it holds is gone when the node ends. */
import type { DeviceDatabase, DeviceEntry, KidEntry } from './device-database.ts';
import { ManagementError } from './management-error.ts';

/** {@link DeviceDatabase} in memory. */
export class MemoryDeviceDatabase implements DeviceDatabase {
  readonly #capacity: number;
  readonly #entries = new Map<string, DeviceEntry>();
  /** Hex of every kid in use, and of those before it. */
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
    const { kid } = entry.secrets.assignment;
    if (this.#isOfAnother(kid, entry.id)) {
      const other = this.#kids.get(hex(kid))?.id ?? '';
      return Promise.reject(
        new ManagementError('KID_IN_USE', `the kid of ${entry.id} is one of ${other}`),
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
    this.#entries.set(entry.id, entry);
    // Every round changes an entry; its kids change with its assignment only.
    if (before?.serial === entry.serial) return;
    if (before !== undefined) this.#forgetKids(before);
    // No vendor takes away the kid of another's device by naming it as one of its own before.
    for (const kid of replacedKids(entry)) {
      if (this.#isOfAnother(kid, entry.id)) continue;
      this.#kids.set(hex(kid), { id: entry.id, kind: 'replaced' });
    }
    this.#kids.set(hex(entry.secrets.assignment.kid), { id: entry.id, kind: 'current' });
  }

  #forgetKids(entry: DeviceEntry): void {
    for (const kid of [entry.secrets.assignment.kid, ...replacedKids(entry)]) {
      if (!this.#isOfAnother(kid, entry.id)) this.#kids.delete(hex(kid));
    }
  }

  #isOfAnother(kid: Uint8Array, id: string): boolean {
    const known = this.#kids.get(hex(kid));
    return known !== undefined && known.id !== id;
  }
}

/** Kids that this device may still hold (§2.3). */
export function replacedKids({ secrets, formerKids }: DeviceEntry): readonly Uint8Array[] {
  const { prevKid } = secrets.assignment;
  return prevKid.length > 0 ? [prevKid, ...formerKids] : formerKids;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
