/** One host of an inventory: starts what its folder is for, and goes on whether the others are there or not. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Closers } from '../closers.ts';
import { messageOf } from '../errors.ts';
import { lockDirectory } from '../membership/directory-lock.ts';
import { assignPorts } from '../membership/ports.ts';
import { SILENT, type NetworkLogger } from '../network-logger.ts';
import type { FabricBinaries } from './binaries.ts';
import { FabricError } from './errors.ts';
import { FabricHost } from './host.ts';
import { HOST_FILE, type HostFile } from './inventory-folders.ts';
import { inventoryTopology, loopbackPortNames, partOf } from './inventory-topology.ts';
import { readInventory, type Inventory } from './inventory.ts';
import type { Validation } from './options.ts';

export interface StartHostOptions {
  /** As {@link writeHostFolders} wrote it, wherever it lies now. */
  readonly folder: string;
  readonly binaries: FabricBinaries;
  /** Path of the validation plugin, where the inventory says that peers load it. */
  readonly plugin?: string;
  /** Folder of the contracts. @default that of @lamplighter/chaincode */
  readonly modulePath?: string;
  /** @default none */
  readonly logger?: NetworkLogger;
  /** A node ended again and again, and is not started any more. @default nobody is told */
  readonly onGivenUp?: (error: FabricError) => void;
  /** Ends the waiting for other hosts. */
  readonly signal?: AbortSignal;
}

async function readHostFile(folder: string): Promise<HostFile & { readonly plan: Inventory }> {
  const path = join(folder, HOST_FILE);
  let file: HostFile;
  try {
    file = JSON.parse(await readFile(path, 'utf8')) as HostFile;
  } catch (cause) {
    throw new FabricError('OPTIONS_INVALID', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  return { ...file, plan: readInventory(JSON.stringify(file.inventory)) };
}

function validationOf({ validation }: Inventory, plugin: string | undefined): Validation {
  if (validation === 'coalitions') return { kind: 'coalitions' };
  if (plugin !== undefined) return { kind: 'plugin', file: plugin };
  throw new FabricError(
    'OPTIONS_INVALID',
    'the inventory says that peers load the validation plugin: expected its file, got none',
  );
}

/**
 * Starts the nodes of one host. Resolves when each of its peers answers for the chaincode and knows of most others, which may take
 * until the hosts of most organisations and of enough orderers are started too.
 *
 * @throws {@link FabricError} OPTIONS_INVALID, NODE_ENDED, COMMAND_FAILED, CLOSED; MembershipError DIRECTORY_IN_USE
 */
export async function startHost(options: StartHostOptions): Promise<FabricHost> {
  const { folder, binaries, plugin, modulePath, logger = SILENT } = options;
  const { host, plan, packageIds } = await readHostFile(folder);
  const closers = new Closers();
  closers.add(await lockDirectory(folder));
  try {
    const names = loopbackPortNames(partOf(plan, inventoryTopology(plan, {}), host));
    const ports = await assignPorts(folder, '127.0.0.1', names, {});
    const topology = inventoryTopology(plan, ports);
    const { chaincode } = plan;
    return await FabricHost.start({
      directory: folder,
      topology,
      local: partOf(plan, topology, host),
      chaincodes: [{ ...chaincode, label: chaincode.name, ...(modulePath && { modulePath }) }],
      binaries,
      validation: validationOf(plan, plugin),
      logger,
      onGivenUp: options.onGivenUp ?? (() => undefined),
      closers,
      consortium: {
        packageIds: new Map(Object.entries(packageIds)),
        ...(options.signal && { signal: options.signal }),
      },
    });
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}
