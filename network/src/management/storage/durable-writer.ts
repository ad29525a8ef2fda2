/**
 * One writer for all that a node stores: changes that come together go to the disk together, each is answered when it is
 * there. When the disk fails, everything waiting and everything new is refused at once, the state says why, and the disk
 * is tried again until it takes a write.
 */
import type { Clock, Timer } from '../clock.ts';
import { ManagementError } from '../management-error.ts';
import type { Change, KeyValueStore } from './key-value-store.ts';
import { storageFailure } from './storage-failures.ts';

/** How the disk is. */
export type StorageState =
  | { readonly state: 'ready' }
  /** No room: monitoring stands still until there is. */
  | { readonly state: 'full'; readonly reason: string }
  | { readonly state: 'failed'; readonly reason: string };

/** Options of {@link DurableWriter}. */
export interface DurableWriterOptions {
  readonly store: KeyValueStore;
  readonly clock: Clock;
  /** Hears every change of the state. */
  readonly onState: (state: StorageState) => void;
}

interface Waiting {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Writes of callers that go to the disk together at most. */
const GROUP = 1_024;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** What must fit before the node goes on: a few bytes of room would be gone with the next report. */
const PROBE: Change = { key: 'meta/probe', value: new Uint8Array(65_536) };

/** See the module comment. */
export class DurableWriter {
  readonly #options: DurableWriterOptions;
  readonly #recovered: (() => void)[] = [];
  readonly #ready = new Set<() => void>();
  #queue: Waiting[] = [];
  #state: StorageState = { state: 'ready' };
  #failure: ManagementError | null = null;
  #work: Promise<void> | null = null;
  #probe: Timer | null = null;
  #closed = false;

  constructor(options: DurableWriterOptions) {
    this.#options = options;
  }

  get state(): StorageState {
    return this.#state;
  }

  /**
   * Resolves when the changes are on the disk; all or none.
   *
   * @throws {@link ManagementError} STORAGE_FULL, STORAGE_FAILED, CLOSED
   */
  write(changes: readonly Change[]): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, resolve, reject });
      this.#work ??= this.#write();
    });
  }

  /** Calls `action` each time the disk takes writes again. */
  onRecovered(action: () => void): void {
    this.#recovered.push(action);
  }

  /** Resolves when the disk takes writes. @throws `signal.reason` when aborted before */
  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#failure === null) return;
    await new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        this.#ready.delete(wake);
        signal.removeEventListener('abort', wake);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.#ready.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Writes what was taken, then closes the store. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#probe?.cancel();
    await this.#work;
    await this.#options.store.close();
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, GROUP);
      try {
        await this.#options.store.write(group.flatMap(({ changes }) => changes));
        for (const { resolve } of group) resolve();
      } catch (error) {
        const failure = storageFailure(error);
        this.#failed(failure, 0);
        for (const { reject } of [...group, ...this.#queue.splice(0)]) reject(failure);
      }
    }
    this.#work = null;
  }

  #failed(failure: ManagementError, attempt: number): void {
    this.#failure = failure;
    const state = failure.code === 'STORAGE_FULL' ? 'full' : 'failed';
    if (this.#state.state !== state) this.#tell({ state, reason: failure.message });
    if (this.#closed) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 20));
    this.#probe = this.#options.clock.after(pause, () => {
      this.#work = this.#try(attempt + 1);
    });
  }

  async #try(attempt: number): Promise<void> {
    try {
      await this.#options.store.write([PROBE]);
      await this.#options.store.write([{ ...PROBE, value: null }]);
      this.#failure = null;
      this.#tell({ state: 'ready' });
      for (const wake of this.#ready) wake();
      this.#work = null;
      for (const recovered of this.#recovered) recovered();
    } catch (error) {
      this.#work = null;
      this.#failed(storageFailure(error), attempt);
    }
  }

  #tell(state: StorageState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

function closed(): ManagementError {
  return new ManagementError('CLOSED', 'expected an open store, this one was closed');
}
