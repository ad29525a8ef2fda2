/**
 * The world state in memory. A value that is overwritten stays linked behind the new one
 * as long as a view may still want it (copy on write), so that readers and commits never wait for each other.
 */
import { compareKeys } from './key-order.ts';
import { OrderedKeys } from './ordered-keys.ts';
import type {
  KeyedEntry,
  NamedEntry,
  StateChange,
  StateEntry,
  StateStore,
  StateView,
} from './state.ts';

/** A value since a height; without entry, its deletion. */
interface Revision {
  readonly since: number;
  readonly entry: StateEntry | undefined;
  older: Revision | undefined;
}

interface Namespace {
  readonly revisions: Map<string, Revision>;
  readonly keys: OrderedKeys;
}

interface Superseded {
  readonly height: number;
  readonly namespace: string;
  readonly key: string;
}

function visible(revision: Revision | undefined, height: number): StateEntry | undefined {
  let candidate = revision;
  while (candidate && candidate.since > height) {
    candidate = candidate.older;
  }
  return candidate?.entry;
}

export class MemoryState implements StateStore {
  readonly #namespaces = new Map<string, Namespace>();
  /** Open views by height. */
  readonly #views = new Map<number, number>();
  #superseded: Superseded[] = [];
  #height = 0;

  get height(): number {
    return this.#height;
  }

  view(): StateView {
    const height = this.#height;
    this.#views.set(height, (this.#views.get(height) ?? 0) + 1);
    let open = true;
    return {
      height,
      get: (namespace, key) => {
        const revision = this.#namespaces.get(namespace)?.revisions.get(key);
        return Promise.resolve(visible(revision, height));
      },
      next: (namespace, from, inclusive, end) =>
        Promise.resolve(this.#seek(height, namespace, { from, inclusive, end })),
      entries: () => this.#entries(height),
      release: () => {
        if (open) {
          open = false;
          this.#release(height);
        }
      },
    };
  }

  apply(blockNumber: number, changes: readonly StateChange[]): Promise<void> {
    if (blockNumber !== this.#height) {
      return Promise.reject(
        new RangeError(`"blockNumber" expected ${this.#height}, got ${blockNumber}`),
      );
    }
    const height = blockNumber + 1;
    for (const { namespace, key, entry } of changes) {
      this.#put(namespace, key, { since: height, entry, older: undefined });
    }
    this.#height = height;
    this.#prune();
    return Promise.resolve();
  }

  #put(namespace: string, key: string, revision: Revision): void {
    const room = this.#room(namespace);
    const older = room.revisions.get(key);
    if (!older && !revision.entry) {
      return;
    }
    if (!older) {
      room.keys.add(key);
    } else {
      // A second write of the same block replaces the first: no view can show what is between.
      revision.older = older.since === revision.since ? older.older : older;
      this.#superseded.push({ height: revision.since, namespace, key });
    }
    room.revisions.set(key, revision);
  }

  #room(namespace: string): Namespace {
    let room = this.#namespaces.get(namespace);
    if (!room) {
      room = { revisions: new Map(), keys: new OrderedKeys() };
      this.#namespaces.set(namespace, room);
    }
    return room;
  }

  #seek(
    height: number,
    namespace: string,
    range: { from: string; inclusive: boolean; end: string },
  ): KeyedEntry | undefined {
    const room = this.#namespaces.get(namespace);
    const before = (key: string): boolean => range.end === '' || compareKeys(key, range.end) < 0;
    let key = room?.keys.seek(range.from, range.inclusive);
    while (key !== undefined && before(key)) {
      const entry = visible(room?.revisions.get(key), height);
      if (entry) {
        return { key, ...entry };
      }
      key = room?.keys.seek(key, false);
    }
    return undefined;
  }

  async *#entries(height: number): AsyncGenerator<NamedEntry> {
    for (const namespace of [...this.#namespaces.keys()].sort(compareKeys)) {
      let range = { from: '', inclusive: true, end: '' };
      for (;;) {
        const entry = await Promise.resolve(this.#seek(height, namespace, range));
        if (!entry) {
          break;
        }
        yield { namespace, ...entry };
        range = { from: entry.key, inclusive: false, end: '' };
      }
    }
  }

  #release(height: number): void {
    const left = (this.#views.get(height) ?? 1) - 1;
    if (left > 0) {
      this.#views.set(height, left);
      return;
    }
    this.#views.delete(height);
    this.#prune();
  }

  /** Drops what no open view can see any more. */
  #prune(): void {
    const oldest = Math.min(this.#height, ...this.#views.keys());
    let done = 0;
    for (const { height, namespace, key } of this.#superseded) {
      if (height > oldest) {
        break;
      }
      this.#forget(this.#room(namespace), key, oldest);
      done++;
    }
    this.#superseded = done === 0 ? this.#superseded : this.#superseded.slice(done);
  }

  #forget(room: Namespace, key: string, oldest: number): void {
    let revision = room.revisions.get(key);
    if (revision && revision.since <= oldest && !revision.entry) {
      room.revisions.delete(key);
      room.keys.delete(key);
      return;
    }
    while (revision && revision.since > oldest) {
      revision = revision.older;
    }
    if (revision) {
      revision.older = undefined;
    }
  }
}
