/** The outbox on the ledger's contracts: `StatusLog:ReportStatuses` and `Firmware:RecordUpdates`. */
import type { Contracts } from '../ledger/contracts.ts';
import type { Clock } from './clock.ts';
import type { EventSink } from './events.ts';
import { judgeFailure } from './ledger-failures.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { Outbox, OutboxOutcome } from './outbox.ts';
import type { RandomSource } from './random.ts';
import { describe } from './supervise.ts';

/** What the outbox works with. */
export interface LedgerOutboxParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly events: EventSink;
  readonly contracts: Contracts;
}

/** An outbox in memory that submits to the contracts and tells the operator what became of each report. */
export function newLedgerOutbox({ clock, random, events, contracts }: LedgerOutboxParts): Outbox {
  return new MemoryOutbox({
    clock,
    random,
    judge: judgeFailure,
    submitter: {
      statuses: async (reports, signal) =>
        (await contracts.reportStatuses(reports, { signal })).transactionId,
      updates: async (reports, signal) =>
        (await contracts.recordUpdates(reports, { signal })).transactionId,
    },
    onOutcome: (outcome) => {
      tellOutcome(events, outcome);
    },
    onRetry: (error) => {
      events.emit({ type: 'alarm', device: null, ...describe(error) });
    },
  });
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
