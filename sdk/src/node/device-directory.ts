/** One device's directory: its keys and its firmware, held by one process at a time. */
import { FileFirmwareStore } from '../firmware/file-firmware-store.ts';
import type { FactoryParts } from '../firmware/file-firmware-store.ts';
import { FileKeyStore } from '../firmware/file-key-store.ts';
import type { FirmwareStore } from '../firmware/firmware-store.ts';
import type { KeyStore } from '../firmware/key-store.ts';
import { lockDirectory } from './directory-lock.ts';
import { nodeDisk } from './node-disk.ts';

/** What a device keeps, in files. */
export interface DeviceDirectory extends AsyncDisposable {
  readonly keys: KeyStore;
  readonly firmware: FirmwareStore;
  /** Gives the directory back. Close the device first. */
  close(): Promise<void>;
}

/**
 * Opens a device's directory, which is made when it is missing (mode 0700).
 *
 * @example
 * ```ts
 * const identity = await loadProvisioning(file);
 * await using stores = await openDeviceDirectory('/var/lib/lamp-1', {
 *   slotBytes: identity.slotBytes,
 *   factory: async () => ({ bytes: await readFile(identity.image), ...identity }),
 * });
 * await using device = await EndNode.start({ identity, ...stores });
 * ```
 * @throws {@link StoreError} `STORE_IN_USE`, `RECORD_DAMAGED` or `RECORD_VERSION`
 */
export async function openDeviceDirectory(
  directory: string,
  parts: FactoryParts,
): Promise<DeviceDirectory> {
  await nodeDisk.makeDirectory(directory);
  const unlock = await lockDirectory(directory);
  try {
    const firmware = await FileFirmwareStore.open(directory, parts, nodeDisk);
    const keys = new FileKeyStore(directory, nodeDisk);
    return { keys, firmware, close: unlock, [Symbol.asyncDispose]: unlock };
  } catch (error) {
    await unlock();
    throw error;
  }
}
