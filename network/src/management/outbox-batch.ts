/** Which reports go together: pure choices of the outbox. */
import type { StatusReport, UpdateReport } from '@lamplighter/chaincode';
import type { OutboxEntry } from './outbox.ts';

/** Reports of one kind, at most one a device. */
export interface Batch {
  readonly kind: OutboxEntry['kind'];
  readonly entries: readonly OutboxEntry[];
}

/** The (device, number) that the ledger writes once. */
export function reportKey(entry: OutboxEntry): string {
  return entry.kind === 'status'
    ? `status/${entry.report.device}/${entry.report.n}`
    : `update/${entry.report.device}/${entry.report.attempt}`;
}

/**
 * Takes the next batch out of `queue`: the kind of the oldest report that may go, then every report of that kind whose
 * device has none before it, up to `limit`. Reports of a device keep their order, whatever their kinds.
 */
export function takeBatch(queue: OutboxEntry[], limit: number): Batch | null {
  const seen = new Set<string>();
  const chosen = new Set<OutboxEntry>();
  const kind = queue[0]?.kind;
  if (kind === undefined) return null;
  for (const entry of queue) {
    const { device } = entry.report;
    if (!seen.has(device) && entry.kind === kind && chosen.size < limit) chosen.add(entry);
    seen.add(device);
  }
  const rest = queue.filter((entry) => !chosen.has(entry));
  queue.splice(0, queue.length, ...rest);
  return { kind, entries: [...chosen] };
}

/** Both halves of a batch that was refused as a whole, to find the report at fault. */
export function halves(batch: Batch): readonly Batch[] {
  const middle = batch.entries.length >> 1;
  return [batch.entries.slice(0, middle), batch.entries.slice(middle)].map((entries) => ({
    kind: batch.kind,
    entries,
  }));
}

/** The verdicts of a batch. */
export function statusesOf({ entries }: Batch): readonly StatusReport[] {
  return entries.flatMap((entry) => (entry.kind === 'status' ? [entry.report] : []));
}

/** The results of a batch. */
export function updatesOf({ entries }: Batch): readonly UpdateReport[] {
  return entries.flatMap((entry) => (entry.kind === 'update' ? [entry.report] : []));
}
