/**
 * Bytes that all device connections together may hold in buffers: frames that came and wait, messages that came in part,
 * frames that wait to be sent. Each connection has limits of its own; this one keeps many of them from adding up.
 */

/** @default 268_435_456 bytes, which is 4,000 of the largest frames */
export const BUFFER_BUDGET_BYTES = 268_435_456;

/** What one connection holds of a {@link BufferBudget}. */
export interface BudgetShare {
  /** Sets the bytes held now. */
  hold(bytes: number): void;
}

/** See the module comment. */
export class BufferBudget {
  readonly #limit: number;
  #held = 0;

  /** @param limit bytes */
  constructor(limit: number = BUFFER_BUDGET_BYTES) {
    this.#limit = limit;
  }

  /** Bytes held by all. */
  get held(): number {
    return this.#held;
  }

  /** Half is used: connections take and send one frame at a time. */
  get strained(): boolean {
    return this.#held >= this.#limit / 2;
  }

  /** All is used: a connection that would hold more is ended. */
  get exhausted(): boolean {
    return this.#held >= this.#limit;
  }

  /** The part of one connection, nothing yet. */
  share(): BudgetShare {
    let own = 0;
    return {
      hold: (bytes) => {
        this.#held += bytes - own;
        own = bytes;
      },
    };
  }
}
