/**
 * Reports that an earlier process had taken: it may have been killed before it noted down what it took, and is told the same
 * again now. Only the time of the telling is another one, and the report that is there counts.
 */
import { reportKey } from '../outbox-batch.ts';
import type { OutboxEntry } from '../outbox.ts';

/** See the module comment. */
export class EarlierReports {
  readonly #texts = new Map<string, string>();

  /** @param entry as it was on the disk at the start: as many as an outbox may hold */
  add(entry: OutboxEntry): void {
    this.#texts.set(reportKey(entry), textOf(entry));
  }

  /** Whether an earlier process had taken what `entry` says. */
  has(entry: OutboxEntry): boolean {
    return this.#texts.get(reportKey(entry)) === textOf(entry);
  }
}

function textOf({ report }: OutboxEntry): string {
  return JSON.stringify({ ...report, observed: '' });
}
