/**
 * Reports on their way to the ledger (monitoring, steps 9 and 10; design §8): what a round's end depends on is only
 * that the outbox took the report. This file is the seam; {@link MemoryOutbox} keeps the queue in memory.
 */
import type { StatusReport, UpdateReport } from '@lamplighter/chaincode';
import type { ProtocolName } from './events.ts';

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

/** Submits one batch: `StatusLog:ReportStatuses` or `Firmware:RecordUpdates`. */
export interface ReportSubmitter {
  statuses(reports: readonly StatusReport[], signal: AbortSignal): Promise<string>;
  updates(reports: readonly UpdateReport[], signal: AbortSignal): Promise<string>;
}
