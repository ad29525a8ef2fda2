/**
 * Devices whose next report is late: by the last report's `dueWithin`, or, under an assignment that no report followed yet,
 * by the assignment's own. So a manager that was gone before its first report is seen, too.
 */
import type { Context } from 'fabric-contract-api';
import { decodeJson } from './canonical-json.ts';
import { keys } from './keys.ts';
import type { DeviceRecord, OverdueDevice, Page, StatusRecord } from './records.ts';
import { Alongside, readPage, transactionTime, type PageRequest } from './state.ts';

const MILLISECONDS = 1000;

interface Due {
  readonly time: string;
  /** Seconds. */
  readonly dueWithin: number;
}

const dueAt = ({ time, dueWithin }: Due): number => Date.parse(time) + dueWithin * MILLISECONDS;

/** @returns the item, or null when nobody waits for the device at `now` (milliseconds since 1970) */
function judge(
  { id, vendor, state, assignment }: DeviceRecord,
  status: StatusRecord | null,
  now: number,
): OverdueDevice | null {
  // A suspended device is told to be silent, and nobody waits for a retired one.
  if (state !== 'assigned' || assignment === null) return null;
  const due = Math.max(dueAt(assignment), status === null ? 0 : dueAt(status));
  if (!(due < now)) return null;
  return {
    device: id,
    vendor,
    manager: assignment.manager,
    due: new Date(due).toISOString(),
    reported: status?.time ?? null,
  };
}

/** Devices and their statuses are two ranges in the same order: they are walked side by side. */
export async function readOverdue(ctx: Context, page: PageRequest): Promise<Page<OverdueDevice>> {
  const now = Date.parse(transactionTime(ctx));
  const statuses = new Alongside(ctx, keys.status(''), page.bookmark);
  try {
    return await readPage(ctx, keys.device(''), page, async ([id = ''], value) => {
      const status = await statuses.at(id);
      return judge(
        decodeJson(value) as DeviceRecord,
        status === null ? null : (decodeJson(status) as StatusRecord),
        now,
      );
    });
  } finally {
    await statuses.end();
  }
}
