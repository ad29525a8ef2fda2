/**
 * A network on several hosts: of an inventory, a state directory for each host, which `network up --fabric` starts there like any
 * other.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinaries, readInventory, writeHostFolders } from '../../fabric/index.ts';
import { HOST_FILE } from '../../fabric/inventory-folders.ts';
import { StateDirectory } from '../state-directory.ts';
import { networkFolder } from './running-file.ts';

/** Whether a network's folder is that of one host of several. */
export function isHostFolder(folder: string): boolean {
  return existsSync(join(folder, HOST_FILE));
}

/**
 * @param file the inventory
 * @param directory a folder for each host is made below, by its name, and `all`
 * @returns what is to be done next, in lines
 * @throws FabricError BINARIES_MISSING, OPTIONS_INVALID, those of inventories; Error of the system
 */
export async function writeHosts(file: string, directory: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8');
  const inventory = readInventory(text);
  const binaries = await findBinaries();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const hosts = await writeHostFolders({ inventory, text, directory, binaries });
  for (const { folder } of hosts) await makeStateDirectory(folder);
  const plugin = inventory.validation === 'plugin' ? ' --plugin FILE' : '';
  return [
    ...hosts.flatMap(({ host, folder, runs }) => [
      `${host}: ${folder}`,
      `  runs ${runs.join(', ')}`,
    ]),
    'Bring each folder to its host, by a way that keeps keys secret, and start it there:',
    `  npx lamplighter network up --fabric${plugin} --directory FOLDER`,
    `${join(directory, 'all')} has the keys of all: lock it away or destroy it.`,
  ];
}

/** The network's folder is moved below. */
async function makeStateDirectory(folder: string): Promise<void> {
  const network = `${folder}.network`;
  await rename(folder, network);
  using state = StateDirectory.open(folder, { fresh: false, engine: 'fabric' });
  await rename(network, networkFolder(state.path));
}
