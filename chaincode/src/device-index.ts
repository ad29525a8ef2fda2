/** The index keys that move with a device's assignment: who manages it, its place in the hierarchy, its strength. */
import type { Context } from 'fabric-contract-api';
import { keys, NO_MANAGER } from './keys.ts';
import type { DeviceRecord } from './records.ts';
import { addIndex, removeIndex } from './state.ts';
import { strengthOf } from './suites.ts';

function indexKeys(device: DeviceRecord): readonly string[] {
  const { id, vendor, model, assignment } = device;
  if (device.state === 'retired') return [];
  if (assignment === null) return [keys.hierarchy(vendor, model, NO_MANAGER, id)];
  return [
    keys.hierarchy(vendor, model, assignment.manager, id),
    keys.managed(assignment.manager, id),
    keys.strength(strengthOf(assignment, device), assignment.suite, id),
  ];
}

/** Moves the index from `before` (null for a new device) to `after`; keys in both are left alone. */
export async function moveIndex(
  ctx: Context,
  before: DeviceRecord | null,
  after: DeviceRecord,
): Promise<void> {
  const [old, next] = [before === null ? [] : indexKeys(before), indexKeys(after)];
  for (const key of old) if (!next.includes(key)) await removeIndex(ctx, key);
  for (const key of next) if (!old.includes(key)) await addIndex(ctx, key);
}
