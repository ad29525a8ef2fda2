/**
 * The net effect of a block on the state, as Fabric applies write sets: a write without metadata keeps the key's metadata, a
 * metadata write keeps its value and counts for nothing when there is no value; both give the key a new version.
 */
import type { NamespaceSet } from './read-write-set.ts';
import type { StateChange, StateEntry, StateView, Version } from './state.ts';

const NO_METADATA: ReadonlyMap<string, Uint8Array> = new Map();

export class WriteSetMerger {
  readonly #view: StateView;
  readonly #changes = new Map<string, StateChange>();

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
      this.#put(set.namespace, key, entry);
    }
    for (const [key, entries] of metadata) {
      const current = await this.#current(set.namespace, key);
      if (current) {
        this.#put(set.namespace, key, { value: current.value, metadata: entries, version });
      }
    }
  }

  /** Whether an earlier transaction of the block changed a key. */
  has(namespace: string, key: string): boolean {
    return this.#changes.has(nameOf(namespace, key));
  }

  changes(): readonly StateChange[] {
    return [...this.#changes.values()];
  }

  async #current(namespace: string, key: string): Promise<StateEntry | undefined> {
    const change = this.#changes.get(nameOf(namespace, key));
    return change ? change.entry : this.#view.get(namespace, key);
  }

  #put(namespace: string, key: string, entry: StateEntry | undefined): void {
    this.#changes.set(nameOf(namespace, key), { namespace, key, entry });
  }
}

/** A namespace never holds a NUL, so two names cannot meet. */
function nameOf(namespace: string, key: string): string {
  return `${namespace}\0${key}`;
}
