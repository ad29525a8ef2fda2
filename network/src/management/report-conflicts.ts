/**
 * A report whose number another report has on the ledger (monitoring, step 9: n never starts again): the state of this node
 * is older than what it reported, or two nodes run under one identity. The operator hears it as an alarm; the verdict goes
 * to the ledger under the next free number, so that it is not lost, and the numbers go on from there.
 */
import type { Contracts } from '../ledger/contracts.ts';
import type { DeviceDatabase } from './device-database.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import type { Supervisor } from './supervise.ts';

/** What the contract says of a number that another report has. */
export const REPORT_CONFLICT = 'REPORT_CONFLICT';

/** What settling a conflict needs. */
export interface ReportConflictsParts {
  readonly contracts: Pick<Contracts, 'readStatus'>;
  readonly database: DeviceDatabase;
  readonly outbox: Outbox;
  readonly supervisor: Supervisor;
}

/** Reports anew what was refused for its number. */
export class ReportConflicts {
  readonly #parts: ReportConflictsParts;

  constructor(parts: ReportConflictsParts) {
    this.#parts = parts;
  }

  /** An update's attempt is the device's own count and is not raised here: its conflict is for the operator. */
  settle(entry: OutboxEntry): void {
    if (entry.kind !== 'status') return;
    this.#parts.supervisor.run(entry.report.device, () => this.#anew(entry));
  }

  async #anew({ protocol, report }: Extract<OutboxEntry, { kind: 'status' }>): Promise<void> {
    const { contracts, database, outbox } = this.#parts;
    const { n: last } = await contracts.readStatus(report.device);
    const entry = await database.update(report.device, (each) => ({
      ...each,
      n: Math.max(each.n, last) + 1,
    }));
    if (entry === undefined) return;
    await outbox.put({ kind: 'status', protocol, report: { ...report, n: entry.n } });
  }
}
