/** What the monitoring of a node works with. */
import type { Clock } from './clock.ts';
import type { DeviceDatabase } from './device-database.ts';
import type { EventSink } from './events.ts';
import type { ExpectedImages } from './expected-images.ts';
import type { IntervalPolicy } from './intervals.ts';
import type { MonitoringMode } from './management-options.ts';
import type { RandomSource } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { SessionTable } from './session-table.ts';
import type { StatusReports } from './status-reports.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import type { Supervisor } from './supervise.ts';

/** What the monitoring of a node is made of. */
export interface MonitoringParts {
  /** Own id, ID_j. */
  readonly id: string;
  /** PU_j's Ed25519 seed. */
  readonly signatureKey: Uint8Array;
  readonly database: DeviceDatabase;
  readonly schedule: Schedule;
  readonly sessions: SessionTable;
  readonly images: ExpectedImages;
  readonly reports: StatusReports;
  readonly events: EventSink;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly storage: Pick<NodeStorage, 'state'>;
  readonly intervals: IntervalPolicy;
  readonly mode: MonitoringMode;
}
