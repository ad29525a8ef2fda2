/** A store whose values are sealed at rest, each under its key's name (at-rest/sealer.ts). */
import type { Sealer } from '../../at-rest/sealer.ts';
import { ManagementError } from '../management-error.ts';
import type { Change, KeyValueStore } from './key-value-store.ts';

/** A {@link KeyValueStore} whose values are sealed; keys are not. */
export class SealedStore implements KeyValueStore {
  readonly #inner: KeyValueStore;
  readonly #sealer: Sealer;

  constructor(inner: KeyValueStore, sealer: Sealer) {
    this.#inner = inner;
    this.#sealer = sealer;
  }

  async *entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    for await (const [key, sealed] of this.#inner.entries(prefix)) {
      yield [key, this.#opened(key, sealed)];
    }
  }

  write(changes: readonly Change[]): Promise<void> {
    return this.#inner.write(
      changes.map(({ key, value }) => ({
        key,
        value: value === null ? null : this.#sealer.seal(key, value),
      })),
    );
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #opened(key: string, sealed: Uint8Array): Uint8Array {
    try {
      return this.#sealer.open(key, sealed);
    } catch (error) {
      throw new ManagementError('STORAGE_DAMAGED', `the record ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
