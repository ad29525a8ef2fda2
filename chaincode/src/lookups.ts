/** Records by id, with the code for each that is missing. One reader a transaction, so that a batch reads a key once. */
import type { Context } from 'fabric-contract-api';
import { ContractError } from './errors.ts';
import { keys } from './keys.ts';
import { requireRecord } from './state.ts';
import type { Caller } from './caller.ts';
import { requireManager } from './caller.ts';
import type {
  AssignmentReference,
  DeviceRecord,
  ManagementNodeRecord,
  ModelRecord,
  ReleaseRecord,
  VendorRecord,
} from './records.ts';

export const readVendor = (ctx: Context, id: string): Promise<VendorRecord> =>
  requireRecord<VendorRecord>(ctx, keys.vendor(id), 'VENDOR_NOT_FOUND');

export const readModel = (ctx: Context, id: string): Promise<ModelRecord> =>
  requireRecord<ModelRecord>(ctx, keys.model(id), 'MODEL_NOT_FOUND');

export const readManager = (ctx: Context, id: string): Promise<ManagementNodeRecord> =>
  requireRecord<ManagementNodeRecord>(ctx, keys.manager(id), 'MANAGER_NOT_FOUND');

export const readDevice = (ctx: Context, id: string): Promise<DeviceRecord> =>
  requireRecord<DeviceRecord>(ctx, keys.device(id), 'DEVICE_NOT_FOUND');

export const readRelease = (ctx: Context, id: string): Promise<ReleaseRecord> =>
  requireRecord<ReleaseRecord>(ctx, keys.release(id), 'RELEASE_NOT_FOUND');

/** Remembers what `read` answered for each id, for one transaction. */
export function remember<T>(read: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, T>();
  return async (id) => {
    const found = known.get(id) ?? (await read(id));
    known.set(id, found);
    return found;
  };
}

/** A device that has a manager: it may be suspended, not retired. */
export type ManagedDevice = DeviceRecord & { readonly assignment: AssignmentReference };

export function requireAssigned(device: DeviceRecord): ManagedDevice {
  if (device.state === 'retired') {
    throw new ContractError('DEVICE_RETIRED', `device ${device.id} is retired`);
  }
  if (device.assignment === null) {
    throw new ContractError('DEVICE_NOT_ASSIGNED', `device ${device.id} has no manager`);
  }
  return { ...device, assignment: device.assignment };
}

/**
 * Reads the devices of a batch and makes sure that the caller is the present manager of each, one manager for all.
 */
export function reporterOf(ctx: Context, caller: Caller): (id: string) => Promise<ManagedDevice> {
  let reporter: ManagementNodeRecord | null = null;
  return async (id) => {
    const device = requireAssigned(await readDevice(ctx, id));
    reporter ??= await readManager(ctx, device.assignment.manager);
    if (reporter.id !== device.assignment.manager) {
      throw new ContractError(
        'CALLER_NOT_ALLOWED',
        `device ${id} is managed by ${device.assignment.manager}, the batch is of ${reporter.id}`,
      );
    }
    requireManager(caller, reporter);
    return device;
  };
}
