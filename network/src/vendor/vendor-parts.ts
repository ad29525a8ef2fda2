/** Opens what a vendor node keeps in its directory. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { ed25519PublicKey } from '@lamplighter/sdk/crypto';

import { loadMasterKey } from '../at-rest/master-key.ts';
import { sealedSecret } from '../at-rest/sealed-file.ts';
import { Sealer } from '../at-rest/sealer.ts';
import { sweepUnfinished } from '../atomic-file.ts';
import { Contracts } from '../ledger/index.ts';
import { useNodeAlgorithms } from '../node-algorithms.ts';
import { secretFile } from '../secret-file.ts';
import { DeviceSecrets } from './device-secrets.ts';
import { FirmwareStore } from './firmware-store.ts';
import { silentLogger } from './logger.ts';
import { PublishedReleases } from './published-releases.ts';
import { RootKeys } from './root-keys.ts';
import { TransmissionSpool } from './transmission-spool.ts';
import { TransmissionRecorder } from './transmissions.ts';
import type { VendorNodeOptions } from './vendor-node.ts';

/** What a vendor node is made of. */
export interface VendorParts {
  readonly options: VendorNodeOptions;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  readonly store: FirmwareStore;
  readonly published: PublishedReleases;
  readonly transmissions: TransmissionRecorder;
  readonly releaseKey: Uint8Array;
  readonly roots: RootKeys;
  readonly vendorKey: Uint8Array;
  readonly token: Uint8Array;
  readonly now: () => number;
}

/** Stays in the open, mode 0600: the command line reads it. */
export const TOKEN_FILE = 'operator-token';

/** @throws VendorError STORE_CORRUPT; AtRestError with the codes of master key and sealed files */
export async function openParts(options: VendorNodeOptions): Promise<VendorParts> {
  useNodeAlgorithms();
  const directory = path.resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await sweepUnfinished(directory);
  const contracts = new Contracts(options.ledger);
  const masterKey = options.masterKey ?? (await loadMasterKey(directory));
  const sealer = new Sealer(masterKey, options.id, 'vendor storage');
  const releaseKey = await sealedSecret(path.join(directory, 'release-key'), sealer);
  return {
    options,
    contracts,
    secrets: await DeviceSecrets.open(path.join(directory, 'device-secrets.json'), sealer),
    store: await FirmwareStore.open(path.join(directory, 'firmware')),
    published: await PublishedReleases.open(path.join(directory, 'published-releases.json')),
    transmissions: new TransmissionRecorder({
      record: (batch, signal) => contracts.recordTransmissions(batch, { signal }),
      logger: options.logger ?? silentLogger,
      spool: await TransmissionSpool.open(path.join(directory, 'transmissions.jsonl')),
    }),
    releaseKey,
    roots: await RootKeys.open(path.join(directory, 'root-keys'), sealer, releaseKey),
    vendorKey: ed25519PublicKey(releaseKey),
    token: await secretFile(path.join(directory, TOKEN_FILE)),
    now: options.now ?? Date.now,
  };
}
