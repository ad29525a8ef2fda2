/**
 * Records and handshakes of a device that did not open, over an epoch of its keys (protocol §5): at its suite's limit the
 * operator is told, and the vendor asked for a new assignment.
 */
import { suiteOf } from '@lamplighter/sdk/crypto';
import type { ProtocolErrorCode } from '@lamplighter/sdk/protocol';
import type { DeviceDatabase } from './device-database.ts';
import type { EventSink } from './events.ts';
import type { Renewals } from './renewals.ts';

const NOT_OPENED: ReadonlySet<string> = new Set<ProtocolErrorCode>([
  'HANDSHAKE_NOT_AUTHENTIC',
  'RECORD_NOT_AUTHENTIC',
]);

/** Whether an error says that something under a device's keys did not open. */
export function isFailedOpening(code: ProtocolErrorCode): boolean {
  return NOT_OPENED.has(code);
}

export interface FailedOpeningsParts {
  readonly database: Pick<DeviceDatabase, 'update'>;
  readonly events: EventSink;
  readonly renewals: Pick<Renewals, 'ask'>;
}

/** Counts one more of a device; on the disk when it resolves. A new assignment begins at 0. */
export async function countFailedOpening(
  device: string,
  { database, events, renewals }: FailedOpeningsParts,
): Promise<void> {
  const entry = await database.update(device, (each) => ({
    ...each,
    failedOpenings: (each.failedOpenings ?? 0) + 1,
  }));
  if (entry === undefined) return;
  const { limits } = suiteOf(entry.secrets.assignment.suite);
  if (entry.failedOpenings !== limits.failures) return;
  const reason = `${limits.failures} records and handshakes of this epoch did not open (§5)`;
  events.emit({ type: 'alarm', device, code: 'OPENINGS_FAILED', reason });
  renewals.ask(device);
}
