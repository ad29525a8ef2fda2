/** Up to which block the node has dealt with the ledger's events, so that none is missed over a restart. */
import type { DurableWriter } from './durable-writer.ts';
import { decodeRecord, encodeRecord } from './json-bytes.ts';
import type { KeyValueStore } from './key-value-store.ts';

/** The seam: in memory there is none. */
export interface Checkpoint {
  /** First block whose events may not have been dealt with; null before the first. */
  readonly block: number | null;
  /** Resolves when it is stored. */
  move(block: number): Promise<void>;
}

const KEY = 'checkpoint';

/** A node that begins anew at each start. */
export class MemoryCheckpoint implements Checkpoint {
  block: number | null = null;

  move(block: number): Promise<void> {
    this.block = block;
    return Promise.resolve();
  }
}

/** A checkpoint on the disk. */
export class DurableCheckpoint implements Checkpoint {
  readonly #writer: DurableWriter;
  #block: number | null;

  private constructor(writer: DurableWriter, block: number | null) {
    this.#writer = writer;
    this.#block = block;
  }

  static async open(store: KeyValueStore, writer: DurableWriter): Promise<DurableCheckpoint> {
    for await (const [, value] of store.entries(KEY)) {
      const { block } = decodeRecord(value) as { readonly block: number };
      return new DurableCheckpoint(writer, block);
    }
    return new DurableCheckpoint(writer, null);
  }

  get block(): number | null {
    return this.#block;
  }

  async move(block: number): Promise<void> {
    if (block === this.#block) return;
    await this.#writer.write([{ key: KEY, value: encodeRecord({ block }) }]);
    this.#block = block;
  }
}
