/**
 * An outbox whose queue is in memory: batches of up to 500 after a short window, one batch at a time (so one of a device
 * in flight), sent again with back-off while the ledger is away or a conflict hits, halved when a contract refuses.
 */
import { sleep } from './clock.ts';
import { ManagementError } from './management-error.ts';
import { halves, statusesOf, takeBatch, updatesOf, type Batch } from './outbox-batch.ts';
import { codeOf, retryDelay, type FailureVerdict } from './outbox-retry.ts';
import type { Outbox, OutboxEntry, OutboxOptions, ReportSubmitter } from './outbox.ts';

/** Options of {@link MemoryOutbox}. */
export interface MemoryOutboxOptions extends OutboxOptions {
  readonly submitter: ReportSubmitter;
  /** Judges an error of the submitter; see `judgeFailure`. */
  readonly judge: (error: unknown, attempt: number) => FailureVerdict;
}

/** {@link Outbox} in memory. */
export class MemoryOutbox implements Outbox {
  readonly #options: MemoryOutboxOptions;
  readonly #queue: OutboxEntry[] = [];
  readonly #closing = new AbortController();
  readonly #idle = new Set<() => void>();
  #pending = 0;
  #worker: Promise<void> | null = null;

  constructor(options: MemoryOutboxOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending;
  }

  put(entry: OutboxEntry): Promise<void> {
    if (this.#closing.signal.aborted) {
      return Promise.reject(
        new ManagementError('CLOSED', 'expected an open outbox, this one was closed'),
      );
    }
    const capacity = this.#options.capacity ?? 20_000;
    if (this.#pending >= capacity) {
      return Promise.reject(
        new ManagementError(
          'OUTBOX_FULL',
          `expected at most ${capacity} reports waiting for the ledger; is it reachable?`,
        ),
      );
    }
    this.#queue.push(entry);
    this.#pending += 1;
    this.#worker ??= this.#work();
    return Promise.resolve();
  }

  async drained(): Promise<void> {
    while (this.#pending > 0 && !this.#closing.signal.aborted) {
      await new Promise<void>((resolve) => this.#idle.add(resolve));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new ManagementError('CLOSED', 'the outbox was closed'));
    await this.#worker;
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #work(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await sleep(this.#options.clock, this.#options.windowMs ?? 200, signal);
      for (;;) {
        const batch = takeBatch(this.#queue, this.#options.batchLimit ?? 500);
        if (batch === null) break;
        await this.#deliver(batch);
      }
    } catch (error) {
      // Only the closing of the outbox ends the work early; everything else is judged in #deliver.
      if (!signal.aborted) throw error;
    } finally {
      this.#worker = null;
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.#settle(batch, { transactionId: await this.#submit(batch) });
        return;
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        const verdict = this.#options.judge(error, attempt);
        if (verdict !== 'retry') {
          await this.#judged(batch, verdict, error);
          return;
        }
        await this.#pause(attempt, error);
      }
    }
  }

  /** A refused batch is all or nothing: halve it until the report at fault stands alone. */
  async #judged(batch: Batch, verdict: FailureVerdict, error: unknown): Promise<void> {
    if (batch.entries.length > 1) {
      for (const half of halves(batch)) await this.#deliver(half);
      return;
    }
    const code = codeOf(error);
    const reason = error instanceof Error ? error.message : String(error);
    // A try whose outcome was lost has reached the ledger after all: the transaction is known there, not here.
    if (verdict === 'recorded') this.#settle(batch, { transactionId: '' });
    else this.#settle(batch, { refused: { code, reason } });
  }

  #submit(batch: Batch): Promise<string> {
    const { submitter } = this.#options;
    const { signal } = this.#closing;
    return batch.kind === 'status'
      ? submitter.statuses(statusesOf(batch), signal)
      : submitter.updates(updatesOf(batch), signal);
  }

  async #pause(attempt: number, error: unknown): Promise<void> {
    const delay = retryDelay(attempt, this.#options.random, this.#options.longestDelayMs);
    this.#options.onRetry?.(error, delay);
    await sleep(this.#options.clock, delay, this.#closing.signal);
  }

  #settle(
    batch: Batch,
    outcome: { transactionId: string } | { refused: { code: string; reason: string } },
  ): void {
    this.#pending -= batch.entries.length;
    for (const entry of batch.entries) this.#options.onOutcome({ entry, ...outcome });
    if (this.#pending === 0) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}
