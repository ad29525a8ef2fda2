/** What one host of several runs of a network of Fabric's own programs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_FILE, type HostFile } from '../../fabric/inventory-folders.ts';
import { readInventory, startHost, type FabricBinaries } from '../../fabric/index.ts';
import type { ConnectionProfile } from '../../membership/index.ts';
import type { FabricChoice } from '../fabric-option.ts';
import type { NetworkPart, PartStart } from './engine.ts';

function readJson(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}

/** @throws FabricError OPTIONS_INVALID, NODE_ENDED, COMMAND_FAILED, CLOSED */
export async function startFabricPart(
  { folder, logger, print, signal }: PartStart,
  binaries: FabricBinaries,
  { validation }: FabricChoice,
): Promise<NetworkPart> {
  const { host, inventory } = readJson(folder, HOST_FILE) as HostFile;
  const plan = readInventory(JSON.stringify(inventory));
  const { channel, chaincode, organisations } = plan;
  print(
    `host ${host} of ${channel}, held to stake by ${plan.validation}: ready when most other hosts are there`,
  );
  const part = await startHost({
    folder,
    binaries,
    ...(validation.kind === 'plugin' ? { plugin: validation.file } : {}),
    logger,
    onGivenUp: (error) => {
      print(error.message);
    },
    signal,
  });
  const [first] = organisations;
  return {
    kind: 'fabric',
    channel,
    chaincode,
    organisations: organisations.map(({ name, mspId, domain }) => ({ id: name, mspId, domain })),
    profile: readJson(folder, `connection-${first?.name ?? ''}.json`) as ConnectionProfile,
    runs: part.nodes.map(({ name }) => name),
    contracts: part.nodes
      .filter(({ kind }) => kind === 'chaincode')
      .map(({ mspId, address }) => ({ mspId, address })),
    heights: () => part.heights(),
    failedChecks: () => part.ailments(),
    close: () => part.close(),
  };
}
