/** A {@link KeyValueStore} in memory that outlives its node, and fails where a test says. */
import type {
  Change,
  KeyValueStore,
} from '../../../../network/src/management/storage/key-value-store.ts';

export class MemoryStore implements KeyValueStore {
  readonly records: Map<string, Uint8Array>;
  /** Writes begun so far. */
  writes = 0;
  /** Decides whether a write fails, by its number from 1: before it changes anything, or after all of it. */
  fault: (write: number) => 'before' | 'after' | undefined = () => undefined;
  error: () => Error = () => new Error('IO error: 000003.log: No space left on device');

  /** @param records taken over from another store, as after a crash */
  constructor(records: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.records = new Map(records);
  }

  async *entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    await Promise.resolve();
    for (const key of [...this.records.keys()].sort()) {
      const value = this.records.get(key);
      if (key.startsWith(prefix) && value !== undefined) yield [key, value];
    }
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.writes += 1;
    const fault = this.fault(this.writes);
    await Promise.resolve();
    if (fault === 'before') throw this.error();
    for (const { key, value } of changes) {
      if (value === null) this.records.delete(key);
      else this.records.set(key, value);
    }
    if (fault === 'after') throw this.error();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
