/** A ledger's store in memory: the plain meaning of the interface, and quick for tests. Rebuilt from the blocks at every start. */
import { MemoryHistory, type Position } from './history.ts';
import { MemoryState } from './memory-state.ts';
import type { StateView } from './state.ts';
import {
  assertNextHeight,
  EMPTY_SAVEPOINT,
  type BlockEffects,
  type LedgerStore,
  type Savepoint,
} from './store.ts';

export class MemoryStore implements LedgerStore {
  /** Memory is taken for sound. */
  readonly damage = undefined;
  #state = new MemoryState();
  #history = new MemoryHistory();
  readonly #transactions = new Map<string, Position>();
  readonly #blocks = new Map<string, number>();
  #savepoint = EMPTY_SAVEPOINT;

  get savepoint(): Savepoint {
    return this.#savepoint;
  }

  view(): StateView {
    return this.#state.view();
  }

  position(transactionId: string): Position | undefined {
    return this.#transactions.get(transactionId);
  }

  numberOf(blockHash: Uint8Array): number | undefined {
    return this.#blocks.get(nameOf(blockHash));
  }

  history(namespace: string, key: string, height: number): Iterable<Position> {
    return this.#history.positions(namespace, key, height);
  }

  async apply({ savepoint, changes, history, transactions }: BlockEffects): Promise<void> {
    assertNextHeight(this.#savepoint, savepoint);
    await this.#state.apply(savepoint.height - 1, changes);
    for (const { namespace, key, position } of history) {
      this.#history.record(namespace, key, position);
    }
    for (const [id, position] of transactions) {
      this.#transactions.set(id, position);
    }
    this.#blocks.set(nameOf(savepoint.hash), savepoint.height - 1);
    this.#savepoint = savepoint;
  }

  clear(): Promise<void> {
    this.#state = new MemoryState();
    this.#history = new MemoryHistory();
    this.#transactions.clear();
    this.#blocks.clear();
    this.#savepoint = EMPTY_SAVEPOINT;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function nameOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64');
}
