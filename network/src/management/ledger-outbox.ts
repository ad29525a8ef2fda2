/** The outbox on the ledger's contracts: `StatusLog:ReportStatuses` and `Firmware:RecordUpdates`. */
import type { Contracts } from '../ledger/contracts.ts';
import type { Clock } from './clock.ts';
import type { EventSink } from './events.ts';
import { judgeFailure } from './ledger-failures.ts';
import { MemoryOutbox, type MemoryOutboxOptions } from './memory-outbox.ts';
import { statusesOf, updatesOf } from './outbox-batch.ts';
import type { Outbox, OutboxEntry, OutboxOutcome } from './outbox.ts';
import type { RandomSource } from './random.ts';
import { REPORT_CONFLICT } from './report-conflicts.ts';
import type { DurableOutboxOptions } from './storage/durable-outbox.ts';
import { describe } from './supervise.ts';

/** What the outbox works with. */
export interface LedgerOutboxParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly events: EventSink;
  readonly contracts: Contracts;
  /** Hears a report whose number another report has. */
  readonly onConflict?: (entry: OutboxEntry) => void;
}

/** What both kinds of outbox share: the judge, and the operator's ear. */
function sharedParts({ clock, random, events, onConflict }: LedgerOutboxParts): Pick<
  MemoryOutboxOptions,
  'clock' | 'random' | 'onOutcome' | 'onRetry'
> & {
  readonly judge: typeof judgeFailure;
} {
  return {
    clock,
    random,
    judge: judgeFailure,
    onOutcome: (outcome) => {
      tellOutcome(events, outcome);
      const isConflict = 'refused' in outcome && outcome.refused.code === REPORT_CONFLICT;
      if (isConflict) onConflict?.(outcome.entry);
    },
    onRetry: (error) => {
      events.emit({ type: 'alarm', device: null, ...describe(error) });
    },
  };
}

/** An outbox in memory that submits to the contracts and tells the operator what became of each report. */
export function newLedgerOutbox(parts: LedgerOutboxParts): Outbox {
  const { contracts } = parts;
  return new MemoryOutbox({
    ...sharedParts(parts),
    submitter: {
      statuses: async (reports, signal) =>
        (await contracts.reportStatuses(reports, { signal })).transactionId,
      updates: async (reports, signal) =>
        (await contracts.recordUpdates(reports, { signal })).transactionId,
    },
  });
}

/** The same for an outbox on the disk, but for the disk. */
export function durableOutboxParts(
  parts: LedgerOutboxParts,
): Omit<DurableOutboxOptions, 'store' | 'writer'> {
  const { contracts } = parts;
  return {
    ...sharedParts(parts),
    ledger: {
      prepare: (batch, signal) =>
        batch.kind === 'status'
          ? contracts.prepareStatuses(statusesOf(batch), { signal })
          : contracts.prepareUpdates(updatesOf(batch), { signal }),
      send: async (prepared, signal) => (await contracts.ledger.send(prepared, { signal })).code,
      status: (transactionId, signal) => contracts.ledger.status(transactionId, { signal }),
    },
  };
}

/** What became of a report, for the operator. */
function tellOutcome(events: EventSink, outcome: OutboxOutcome): void {
  const { entry } = outcome;
  const { device } = entry.report;
  if ('refused' in outcome) {
    events.emit({ type: 'alarm', device, ...outcome.refused });
    return;
  }
  const { protocol } = entry;
  const { transactionId } = outcome;
  if (entry.kind === 'status') {
    const { n, status } = entry.report;
    events.emit({ type: 'round-completed', device, protocol, n, status, transactionId });
    return;
  }
  const { release, attempt, code } = entry.report;
  events.emit({
    type: 'update-recorded',
    device,
    release,
    protocol,
    attempt,
    code,
    transactionId,
  });
}
