/**
 * Transmission history (who took an image) on its way to the ledger: bounded, in batches, kept on disk until recorded.
 * The ledger is slower than downloads, and a download must not wait for it.
 */
import type { Transmission } from '@lamplighter/chaincode';

import { LedgerError } from '../ledger/index.ts';
import { silentLogger, type VendorLogger } from './logger.ts';
import type { TransmissionSpool } from './transmission-spool.ts';

export interface TransmissionOptions {
  readonly record: (batch: readonly Transmission[], signal: AbortSignal) => Promise<unknown>;
  /** Transmissions that wait at most; at most so many downloads are begun ahead of the ledger. @default 10_000 */
  readonly capacity?: number;
  /** From the first waiting one to the batch, milliseconds. @default 500 */
  readonly delayMs?: number;
  readonly logger?: VendorLogger;
  /** Where they wait on disk; what an earlier run left there is recorded first. @default nowhere */
  readonly spool?: TransmissionSpool;
}

/** Items of one transaction. */
const BATCH = 500;
/** Longest wait after failures, milliseconds. */
const LONGEST_DELAY_MS = 30_000;
/** What may go right when tried again; everything else is the ledger's last word on a batch. */
const PASSING = new Set([
  'UNAVAILABLE',
  'TIMEOUT',
  'MVCC_READ_CONFLICT',
  'PHANTOM_READ_CONFLICT',
  'ENDORSEMENTS_DIFFER',
  'ENDORSEMENT_POLICY_FAILURE',
]);

export class TransmissionRecorder {
  readonly #options: TransmissionOptions;
  readonly #logger: VendorLogger;
  readonly #capacity: number;
  readonly #waiting: Transmission[] = [];
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #stored: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(options: TransmissionOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#capacity = options.capacity ?? 10_000;
    this.#waiting.push(...(options.spool?.left ?? []));
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** Whether no further download may begin. */
  get full(): boolean {
    return this.#waiting.length >= this.#capacity;
  }

  /** Transmissions not recorded yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  add(transmission: Transmission): void {
    this.#waiting.push(transmission);
    this.#store((spool) => spool.append(transmission));
    this.#schedule();
  }

  /** Tries once to record what waits. Never fails: what the ledger did not take stays, and is told to the logger. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      if (this.#waiting.length > 0 && !this.#closing.signal.aborted) this.#schedule();
    });
    return this.#flushing;
  }

  /** Records what waits, in one last try, and stops. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#flushing;
    await this.flush();
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#stored;
    if (this.#waiting.length > 0) {
      this.#logger.warn({ transmissions: this.#waiting.length }, 'transmissions left unrecorded');
    }
  }

  /** A disk that fails costs what is not recorded before the node ends, not the downloads. */
  #store(write: (spool: TransmissionSpool) => Promise<void>): void {
    const { spool } = this.#options;
    if (spool === undefined) return;
    const written = write(spool).catch((error: unknown) => {
      this.#logger.warn({ error }, 'transmissions not on disk');
    });
    this.#stored = this.#stored.then(() => written);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let size = BATCH;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, size);
      const outcome = await this.#record(batch);
      if (outcome === 'later') return;
      // One bad item refuses its whole batch: from here on one by one, so that only that one is given up.
      if (outcome === 'refused' && batch.length > 1) {
        size = 1;
        continue;
      }
      this.#waiting.splice(0, batch.length);
      this.#store((spool) => spool.replace(() => this.#waiting));
    }
  }

  async #record(batch: readonly Transmission[]): Promise<'recorded' | 'refused' | 'later'> {
    try {
      await this.#options.record(batch, this.#closing.signal);
      this.#failures = 0;
      return 'recorded';
    } catch (error) {
      this.#logger.warn({ error, transmissions: batch.length }, 'transmissions not recorded');
      if (error instanceof LedgerError && !PASSING.has(error.code)) return 'refused';
      this.#failures += 1;
      return 'later';
    }
  }

  #schedule(): void {
    const delayMs = Math.min(
      (this.#options.delayMs ?? 500) * 2 ** Math.min(this.#failures, 16),
      LONGEST_DELAY_MS,
    );
    this.#timer ??= setTimeout(() => {
      void this.flush();
    }, delayMs).unref();
  }
}
