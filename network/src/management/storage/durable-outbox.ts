/**
 * The outbox on the disk (design §8): a report is there before `put` resolves, and goes only in the write that follows a
 * known outcome. Batches, their order and their halving are those of the outbox in memory; what makes each transaction
 * count once is in settlement.ts.
 */
import type { PreparedTransaction } from '../../ledger/ledger.ts';
import { sleep } from '../clock.ts';
import { ManagementError } from '../management-error.ts';
import { codeOf, retryDelay, type FailureVerdict } from '../outbox-retry.ts';
import { halves, takeBatch, type Batch } from '../outbox-batch.ts';
import type { Outbox, OutboxEntry, OutboxOptions } from '../outbox.ts';
import type { DurableWriter } from './durable-writer.ts';
import { EarlierReports } from './earlier-reports.ts';
import { decodeRecord, encodeRecord } from './json-bytes.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { Settlement } from './settlement.ts';
import { isStorageFailure } from './storage-failures.ts';

/** The ledger as the outbox sees it. */
export interface BatchLedger {
  /** @throws LedgerError */
  prepare(batch: Batch, signal: AbortSignal): Promise<PreparedTransaction>;
  /** @returns Fabric's validation code */
  send(prepared: PreparedTransaction, signal: AbortSignal): Promise<string>;
  /** @returns Fabric's validation code, undefined when no block has it */
  status(transactionId: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Options of {@link DurableOutbox.open}. */
export interface DurableOutboxOptions extends OutboxOptions {
  /** Read once. */
  readonly store: KeyValueStore;
  readonly writer: DurableWriter;
  readonly ledger: BatchLedger;
  /** Judges an error of a transaction that is not in doubt; see `judgeFailure`. */
  readonly judge: (error: unknown) => FailureVerdict;
}

const REPORT = 'report/';
const BATCH = 'batch';

/** A transaction that may have been sent, and the reports in it. */
interface StoredBatch extends PreparedTransaction {
  readonly reports: readonly number[];
}

/** {@link Outbox} on the disk. */
export class DurableOutbox implements Outbox {
  readonly #options: DurableOutboxOptions;
  readonly #queue: OutboxEntry[] = [];
  /** Number of each report held, which is its place in the order and its key on the disk. */
  readonly #numbers = new Map<OutboxEntry, number>();
  readonly #earlier = new EarlierReports();
  readonly #closing = new AbortController();
  readonly #idle = new Set<() => void>();
  #unsettled: { readonly batch: Batch; readonly prepared: PreparedTransaction } | null = null;
  #next = 0;
  #pending = 0;
  #worker: Promise<void> | null = null;

  private constructor(options: DurableOutboxOptions) {
    this.#options = options;
  }

  /** Reads what an earlier process left, and goes on with it. @throws {@link ManagementError} STORAGE_DAMAGED */
  static async open(options: DurableOutboxOptions): Promise<DurableOutbox> {
    const outbox = new DurableOutbox(options);
    await outbox.#load();
    if (outbox.#pending > 0) outbox.#worker = outbox.#work();
    return outbox;
  }

  get pending(): number {
    return this.#pending;
  }

  async put(entry: OutboxEntry): Promise<void> {
    this.#admit();
    if (this.#earlier.has(entry)) return;
    const number = this.#next++;
    this.#pending += 1;
    try {
      await this.#options.writer.write([{ key: reportKey(number), value: encodeRecord(entry) }]);
    } catch (error) {
      this.#pending -= 1;
      throw error;
    }
    this.#numbers.set(entry, number);
    this.#queue.push(entry);
    if (!this.#closing.signal.aborted) this.#worker ??= this.#work();
  }

  async drained(): Promise<void> {
    while (this.#pending > 0 && !this.#closing.signal.aborted) {
      await new Promise<void>((resolve) => this.#idle.add(resolve));
    }
  }

  /** What is pending stays on the disk for the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new ManagementError('CLOSED', 'the outbox was closed'));
    await this.#worker;
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #admit(): void {
    if (this.#closing.signal.aborted) {
      throw new ManagementError('CLOSED', 'expected an open outbox, this one was closed');
    }
    const capacity = this.#options.capacity ?? 20_000;
    if (this.#pending < capacity) return;
    throw new ManagementError(
      'OUTBOX_FULL',
      `expected at most ${capacity} reports waiting for the ledger; is it reachable?`,
    );
  }

  async #load(): Promise<void> {
    const { store } = this.#options;
    const entries = new Map<number, OutboxEntry>();
    for await (const [key, value] of store.entries(REPORT)) {
      const number = Number(key.slice(REPORT.length));
      entries.set(number, decodeRecord(value) as OutboxEntry);
      this.#next = number + 1;
    }
    this.#pending = entries.size;
    for (const [number, entry] of entries) {
      this.#numbers.set(entry, number);
      this.#earlier.add(entry);
    }
    for await (const [, value] of store.entries(BATCH)) {
      const { reports, ...prepared } = decodeRecord(value) as StoredBatch;
      const sent = reports.flatMap((number) => entries.get(number) ?? []);
      for (const number of reports) entries.delete(number);
      const kind = sent[0]?.kind;
      if (kind !== undefined) this.#unsettled = { batch: { kind, entries: sent }, prepared };
    }
    this.#queue.push(...entries.values());
  }

  async #work(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await sleep(this.#options.clock, this.#options.windowMs ?? 200, signal);
      if (this.#unsettled !== null) {
        const { batch, prepared } = this.#unsettled;
        this.#unsettled = null;
        await this.#deliver(batch, prepared);
      }
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

  async #deliver(batch: Batch, stored: PreparedTransaction | null = null): Promise<void> {
    const settlement = new Settlement(this.#partsFor(batch), stored);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const transactionId = await settlement.attempt();
        await this.#settle(batch, { transactionId });
        return;
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        const wait = settlement.isUndecided || isStorageFailure(error);
        const verdict = wait ? 'retry' : this.#options.judge(error);
        if (verdict !== 'retry') {
          await this.#judged(batch, verdict, error);
          return;
        }
        await this.#pause(attempt, error);
      }
    }
  }

  #partsFor(batch: Batch): ConstructorParameters<typeof Settlement>[0] {
    const { ledger, writer } = this.#options;
    const { signal } = this.#closing;
    const reports = batch.entries.map((entry) => this.#numberOf(entry));
    return {
      prepare: () => ledger.prepare(batch, signal),
      keep: ({ transactionId, envelope }) => {
        const value: StoredBatch = { transactionId, envelope, reports };
        return writer.write([{ key: BATCH, value: encodeRecord(value) }]);
      },
      send: (prepared) => ledger.send(prepared, signal),
      status: (transactionId) => ledger.status(transactionId, signal),
    };
  }

  /** A refused batch is all or nothing: halve it until the report at fault stands alone. */
  async #judged(batch: Batch, verdict: FailureVerdict, error: unknown): Promise<void> {
    if (batch.entries.length > 1) {
      for (const half of halves(batch)) await this.#deliver(half);
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    // The contract has this number of this device: an earlier transaction brought it.
    if (verdict === 'recorded') await this.#settle(batch, { transactionId: '' });
    else await this.#settle(batch, { refused: { code: codeOf(error), reason } });
  }

  async #pause(attempt: number, error: unknown): Promise<void> {
    const { clock, random, longestDelayMs, onRetry } = this.#options;
    const delay = retryDelay(attempt, random, longestDelayMs);
    onRetry?.(error, delay);
    await sleep(clock, delay, this.#closing.signal);
  }

  /** The reports leave the disk with the transaction that brought them; while the disk is away, that waits. */
  async #settle(
    batch: Batch,
    outcome: { transactionId: string } | { refused: { code: string; reason: string } },
  ): Promise<void> {
    const { writer, onOutcome } = this.#options;
    const reports = batch.entries.map((entry) => reportKey(this.#numberOf(entry)));
    const changes = [...reports, BATCH].map((key) => ({ key, value: null }));
    for (;;) {
      await writer.ready(this.#closing.signal);
      try {
        await writer.write(changes);
        break;
      } catch (error) {
        if (!isStorageFailure(error)) throw error;
      }
    }
    this.#pending -= batch.entries.length;
    for (const entry of batch.entries) {
      this.#numbers.delete(entry);
      onOutcome({ entry, ...outcome });
    }
    if (this.#pending === 0) this.#wake();
  }

  #numberOf(entry: OutboxEntry): number {
    const number = this.#numbers.get(entry);
    if (number === undefined) throw new TypeError('a report that the outbox does not hold');
    return number;
  }

  #wake(): void {
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}

/** Keys in the order of their numbers. */
function reportKey(number: number): string {
  return `${REPORT}${String(number).padStart(16, '0')}`;
}
