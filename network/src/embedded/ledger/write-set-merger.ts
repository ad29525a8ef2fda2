/**
 * The net effect of a block on the state, as Fabric applies write sets: a write without metadata keeps the key's metadata, a
 * metadata write keeps its value and counts for nothing when there is no value; both give the key a new version.
 */
import type { NamespaceSet } from './read-write-set.ts';
import type { StateChange, StateEntry, StateView, Version } from './state.ts';

const NO_METADATA: ReadonlyMap<string, Uint8Array> = new Map();

/** A change with the version that it gives the key, a deleted one too. */
export interface KeyUpdate extends StateChange {
  readonly version: Version;
}

export class WriteSetMerger {
  readonly #view: StateView;
  readonly #changes = new Map<string, KeyUpdate>();

  /** @param view - the state before the block; the caller releases it. */
  constructor(view: StateView) {
    this.#view = view;
  }

  /** Adds one namespace of a valid transaction. */
  async add(set: NamespaceSet, version: Version): Promise<void> {
    const metadata = new Map(set.metadataWrites.map(({ key, entries }) => [key, entries]));
    for (const { key, value } of set.writes) {
      const kept = metadata.get(key) ?? (await this.#current(set.namespace, key))?.metadata;
      metadata.delete(key);
      const entry = value && { value, metadata: kept ?? NO_METADATA, version };
      this.#put({ namespace: set.namespace, key, entry, version });
    }
    for (const [key, entries] of metadata) {
      const current = await this.#current(set.namespace, key);
      if (current) {
        const entry = { value: current.value, metadata: entries, version };
        this.#put({ namespace: set.namespace, key, entry, version });
      }
    }
  }

  /** Whether an earlier transaction of the block changed a key. */
  has(namespace: string, key: string): boolean {
    return this.#changes.has(nameOf(namespace, key));
  }

  changes(): readonly KeyUpdate[] {
    return [...this.#changes.values()];
  }

  async #current(namespace: string, key: string): Promise<StateEntry | undefined> {
    const change = this.#changes.get(nameOf(namespace, key));
    return change ? change.entry : this.#view.get(namespace, key);
  }

  #put(update: KeyUpdate): void {
    this.#changes.set(nameOf(update.namespace, update.key), update);
  }
}

/** A namespace never holds a NUL, so two names cannot meet. */
function nameOf(namespace: string, key: string): string {
  return `${namespace}\0${key}`;
}
