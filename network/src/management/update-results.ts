/** Results of updates (protocol §6.3 steps 9 and 10, §6.6 step 7): what is recorded on the ledger, and what a device refused for good. */
import type { UpdateReport } from '@lamplighter/chaincode';
import { ResultCode, type Message } from '@lamplighter/sdk/wire';
import { NO_UPDATE, type DeviceEntry } from './device-database.ts';
import type { ProtocolName } from './events.ts';
import type { VerifiedRelease } from './release-verification.ts';
import type { UpdatesParts } from './updates.ts';

/** What recording needs. */
export type UpdateResultsParts = Pick<
  UpdatesParts,
  'database' | 'releases' | 'admission' | 'outbox' | 'events' | 'clock'
>;

export type Result = Extract<Message, { type: 'result' }>;

/** Refusals that pass: the device may take the same offer later. */
const PASSING: readonly number[] = [
  ResultCode.busy,
  ResultCode.givenUp,
  ResultCode.proofsMissingOrStale,
];

/** Refused releases remembered a device. */
const REFUSED_RELEASES = 16;

/** §6.6, step 7: a result that fits no release is told and not recorded; it is acknowledged, or D would repeat it for ever. */
export async function recordResult(
  parts: UpdateResultsParts,
  entry: DeviceEntry,
  result: Result,
): Promise<void> {
  const { database, releases, outbox, events, clock } = parts;
  const release =
    releases.byImage(entry.model, result.sha256) ?? (await offeredBefore(parts, entry));
  if (release === null) {
    const reason = `a result for sequence ${result.seq}, which this node does not know`;
    events.emit({ type: 'alarm', device: entry.id, code: 'RESULT_UNKNOWN', reason });
    return;
  }
  // What the ledger says it runs was recorded before, whatever the attempt's number.
  if (release.record.firmware.sha256 === entry.firmware.sha256) return;
  const { cause } = entry.update;
  const report: UpdateReport = {
    device: entry.id,
    attempt: result.attempt,
    release: release.record.id,
    from: entry.firmware,
    code: result.code,
    cause,
    observed: clock.date().toISOString(),
  };
  await outbox.put({ kind: 'update', protocol: protocolOf(cause), report });
  const installed = result.code === ResultCode.good;
  await database.update(entry.id, (each) => ({
    ...each,
    attempt: result.attempt,
    firmware: installed ? release.record.firmware : each.firmware,
    refused: installed ? each.refused : remembered(each.refused, release, result.code),
    update: NO_UPDATE,
  }));
}

/** The release that was offered, also when this node has started since and took only newer ones in. */
async function offeredBefore(
  { admission }: UpdateResultsParts,
  { update }: DeviceEntry,
): Promise<VerifiedRelease | null> {
  return update.release === null ? null : admission.admit(update.release);
}

/** The protocol whose round a result ends. */
export function protocolOf(cause: UpdateReport['cause']): ProtocolName {
  return cause === 'request' ? 'updateRequest' : 'propagation';
}

/** With one more, unless the refusal passes. */
export function remembered(
  refused: readonly string[],
  release: VerifiedRelease,
  code: number,
): readonly string[] {
  if (PASSING.includes(code)) return refused;
  return [...refused.filter((id) => id !== release.record.id), release.record.id].slice(
    -REFUSED_RELEASES,
  );
}
