/** Verdicts into the outbox (monitoring, steps 9 and 10). */
import type { AbnormalReason, DeviceStatus, StatusReport } from '@lamplighter/chaincode';
import { silentReportWithin } from '../exchange/report-deadline.ts';
import type { Clock } from './clock.ts';
import type { DeviceDatabase, DeviceEntry } from './device-database.ts';
import type { EventSink, ProtocolName } from './events.ts';
import type { Outbox } from './outbox.ts';

/** What a device answered, for the report. */
export interface Answered {
  readonly sequence: number;
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A verdict. */
export interface Verdict {
  readonly protocol: ProtocolName;
  readonly status: DeviceStatus;
  readonly reasons: readonly AbnormalReason[];
  /** Null when the device did not answer: the last known is reported. */
  readonly answered: Answered | null;
}

/** Which protocol monitors a device. */
export function monitoringOf(entry: Pick<DeviceEntry, 'kind'>): ProtocolName {
  return entry.kind === 'lightweight' ? 'lightweightMonitoring' : 'monitoring';
}

/** Turns verdicts into reports. */
export class StatusReports {
  readonly #database: DeviceDatabase;
  readonly #outbox: Outbox;
  readonly #events: EventSink;
  readonly #clock: Clock;

  constructor(parts: {
    readonly database: DeviceDatabase;
    readonly outbox: Outbox;
    readonly events: EventSink;
    readonly clock: Clock;
  }) {
    this.#database = parts.database;
    this.#outbox = parts.outbox;
    this.#events = parts.events;
    this.#clock = parts.clock;
  }

  /** Reports a verdict under a number of its own: for what is no monitoring round (a query, a lost window). */
  async reportAnew(device: string, verdict: Verdict): Promise<void> {
    const entry = await this.nextRound(device);
    if (entry !== undefined) await this.report(entry, entry.n, verdict);
  }

  /** Counts n on, for ever (§6.2 step 2); stored before it is used. */
  nextRound(device: string): Promise<DeviceEntry | undefined> {
    return this.#database.update(device, (entry) => ({ ...entry, n: entry.n + 1 }));
  }

  /** Resolves when the outbox has the report, and only then the round may end. */
  async report(entry: DeviceEntry, round: number, verdict: Verdict): Promise<void> {
    const { protocol, status, reasons } = verdict;
    // The ledger takes numbers in ascending order only: a round that another report overtook takes the next one.
    const overtaken = (this.#database.get(entry.id)?.n ?? round) > round;
    const n = overtaken ? ((await this.nextRound(entry.id))?.n ?? round) : round;
    const { sequence, version, sha256 } = verdict.answered ?? entry.firmware;
    const report: StatusReport = {
      device: entry.id,
      n,
      status,
      reasons,
      sequence,
      version,
      sha256,
      observed: this.#clock.date().toISOString(),
      dueWithin: dueWithin(entry, status),
    };
    await this.#outbox.put({ kind: 'status', protocol, report });
    await this.#database.update(entry.id, (stored) => ({ ...stored, status }));
    this.#events.emit({ type: 'judged', device: entry.id, protocol, n, status, reasons });
  }
}

/**
 * FTI + RTI in force; of the longer pair while new intervals are on their way. A device that stays unreachable is reported
 * again after three windows only: the manager is not overdue meanwhile.
 */
function dueWithin({ intervals }: DeviceEntry, status: DeviceStatus): number {
  const { current, pending } = intervals;
  const pairs = [current, pending ?? current];
  if (status === 'unreachable') return Math.max(...pairs.map(silentReportWithin));
  return Math.max(...pairs.map(({ fti, rti }) => fti + rti));
}
