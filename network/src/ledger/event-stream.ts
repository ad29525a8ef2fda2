/**
 * Chaincode events as an async iterable that is bounded and loses nothing: when the reader falls behind, the
 * subscription is dropped, and taken up again from the block after the last one buffered once the buffer is empty.
 * Hides the SDK's push interface, whose queue has no bound.
 */
import type { LedgerEvent } from './ledger.ts';

/** The events of one block, also when there are none. */
export interface BlockOfEvents {
  readonly blockNumber: number;
  readonly events: readonly LedgerEvent[];
}

/** Where blocks come from; each block once, in order. */
export interface BlockSource {
  /** @returns what ends the subscription */
  subscribe(startBlock: number, listener: (block: BlockOfEvents) => void): Promise<() => void>;
}

export interface EventStreamOptions {
  readonly startBlock: number;
  readonly signal: AbortSignal;
  /** Events that wait for the reader at most, but for those of one block. @default 1_024 */
  readonly capacity?: number;
}

/** Ends without an error when `signal` is aborted, and with the source's error when it can not be subscribed to. */
export async function* eventStream(
  source: BlockSource,
  options: EventStreamOptions,
): AsyncGenerator<LedgerEvent, void, undefined> {
  const { signal } = options;
  const inbox = new Inbox(options.startBlock, options.capacity ?? 1_024);
  const stop = (): void => {
    inbox.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      await inbox.fill(source);
      yield* inbox.drain();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    inbox.stop();
  }
}

class Inbox {
  readonly #capacity: number;
  #events: LedgerEvent[] = [];
  #nextBlock: number;
  #unsubscribe: (() => void) | undefined;
  #subscribed = false;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(startBlock: number, capacity: number) {
    this.#nextBlock = startBlock;
    this.#capacity = capacity;
  }

  /** Waits until there is something to read, subscribed. */
  async fill(source: BlockSource): Promise<void> {
    if (this.#stopped || this.#events.length > 0) return;
    if (!this.#subscribed) {
      this.#subscribed = true;
      const unsubscribe = await source.subscribe(this.#nextBlock, (block) => {
        this.#take(block);
      });
      this.#unsubscribe = unsubscribe;
      if (!this.#reading()) this.#leave();
    }
    if (this.#reading() && this.#events.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  *drain(): Generator<LedgerEvent, void, undefined> {
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      if (this.#stopped) return;
      yield event;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#leave();
    this.#wake?.();
  }

  #take(block: BlockOfEvents): void {
    if (!this.#reading() || block.blockNumber < this.#nextBlock) return;
    if (block.blockNumber > this.#nextBlock) {
      // A gap: what is missing is asked for again.
      this.#leave();
      this.#wake?.();
      return;
    }
    this.#nextBlock += 1;
    this.#events.push(...block.events);
    if (this.#events.length >= this.#capacity) this.#leave();
    if (this.#events.length > 0) this.#wake?.();
  }

  #reading(): boolean {
    return this.#subscribed && !this.#stopped;
  }

  #leave(): void {
    this.#subscribed = false;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}
