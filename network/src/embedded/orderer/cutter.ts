/** When a block is full, by count and bytes, as Fabric's blockcutter has it. Pure: time is the caller's business. */

export interface CutLimits {
  /** Envelopes in one block. */
  readonly maxMessageCount: number;
  /** A block stays below, unless a single envelope is larger. */
  readonly preferredMaxBytes: number;
}

export class BlockCutter {
  readonly #limits: CutLimits;
  #pending: Uint8Array[] = [];
  #bytes = 0;

  constructor(limits: CutLimits) {
    this.#limits = limits;
  }

  /** Whether envelopes wait for the next block. */
  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  /** @returns the batches that are full now, none, one or two. */
  add(envelope: Uint8Array): readonly (readonly Uint8Array[])[] {
    const batches: (readonly Uint8Array[])[] = [];
    const large = envelope.length > this.#limits.preferredMaxBytes;
    if (large || this.#bytes + envelope.length > this.#limits.preferredMaxBytes) {
      batches.push(...this.#nonEmpty());
    }
    this.#pending.push(envelope);
    this.#bytes += envelope.length;
    if (large || this.#pending.length >= this.#limits.maxMessageCount) {
      batches.push(this.cut());
    }
    return batches;
  }

  /** @returns what waits, possibly nothing. */
  cut(): readonly Uint8Array[] {
    const batch = this.#pending;
    this.#pending = [];
    this.#bytes = 0;
    return batch;
  }

  #nonEmpty(): readonly (readonly Uint8Array[])[] {
    return this.isPending ? [this.cut()] : [];
  }
}
