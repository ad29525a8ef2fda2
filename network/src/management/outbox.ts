/**
 * Reports on their way to the ledger (monitoring, steps 9 and 10; design §8): what a round's end depends on is only
 * that the outbox took the report. This file is the seam; {@link MemoryOutbox} keeps the queue in memory.
 */
import type { StatusReport, UpdateReport } from '@lamplighter/chaincode';
import type { Clock } from './clock.ts';
import type { ProtocolName } from './events.ts';
import type { RandomSource } from './random.ts';

/** One report, and the protocol whose round it ends. */
export type OutboxEntry = { readonly protocol: ProtocolName } & (
  | { readonly kind: 'status'; readonly report: StatusReport }
  | { readonly kind: 'update'; readonly report: UpdateReport }
);

/** What became of an entry. */
export type OutboxOutcome =
  | { readonly entry: OutboxEntry; readonly transactionId: string }
  /** The contract refused it for good; it is not sent again. */
  | {
      readonly entry: OutboxEntry;
      readonly refused: { readonly code: string; readonly reason: string };
    };

/** Takes reports and brings each to the ledger exactly once. */
export interface Outbox extends AsyncDisposable {
  /**
   * Resolves when the report is taken, so that it will reach the ledger whatever happens to the device's session.
   *
   * @throws {@link ManagementError} OUTBOX_FULL, CLOSED
   */
  put(entry: OutboxEntry): Promise<void>;
  /** Reports taken and not yet on the ledger. */
  readonly pending: number;
  /** Resolves when nothing is pending. */
  drained(): Promise<void>;
  /** Stops sending; what is pending is kept by a durable outbox and lost by one in memory. */
  close(): Promise<void>;
}

/** Options that every outbox has, wherever its queue is. */
export interface OutboxOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Hears what became of each report; of one on the disk, after a crash, a second time. */
  readonly onOutcome: (outcome: OutboxOutcome) => void;
  /** Hears each failed try that will be repeated. */
  readonly onRetry?: (error: unknown, delayMs: number) => void;
  /** Reports held at most. @default 20_000 */
  readonly capacity?: number;
  /** Reports a transaction. @default 500 */
  readonly batchLimit?: number;
  /** How long the first report of a batch waits for others, milliseconds. @default 200 */
  readonly windowMs?: number;
  /** Longest pause between tries, milliseconds. @default 30_000 */
  readonly longestDelayMs?: number;
}

/** Submits one batch: `StatusLog:ReportStatuses` or `Firmware:RecordUpdates`. */
export interface ReportSubmitter {
  statuses(reports: readonly StatusReport[], signal: AbortSignal): Promise<string>;
  updates(reports: readonly UpdateReport[], signal: AbortSignal): Promise<string>;
}
