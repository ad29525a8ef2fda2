/** Networks for a suite that is given no profile, each with a profile that looks like any other. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Closers } from '../../../network/src/closers.ts';
import { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { FabricNetwork, type FabricBinaries } from '../../../network/src/fabric/index.ts';
import { ORGANISATIONS } from '../../network/embedded/fabric-client.ts';

const NAMES = { organisations: ORGANISATIONS, chaincodes: [] };

type OwnNetwork = Pick<EmbeddedNetwork, 'connectionProfile' | 'enrol' | 'close'>;

/** @returns the path of a profile with the keys of its administrators. */
export function startEmbedded(closers: Closers): Promise<string> {
  return start(closers, (directory) =>
    EmbeddedNetwork.start({ ...NAMES, directory, batch: { maxMessageCount: 50, timeoutMs: 20 } }),
  );
}

/** Four BFT orderers and three peers of Fabric's own programs. */
export function startFabric(closers: Closers, binaries: FabricBinaries): Promise<string> {
  return start(closers, (directory) =>
    FabricNetwork.start({ ...NAMES, directory, binaries, validation: { kind: 'coalitions' } }),
  );
}

async function start(
  closers: Closers,
  open: (directory: string) => Promise<OwnNetwork>,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  closers.add(() => rm(directory, { recursive: true, force: true }));
  const network = await open(directory);
  closers.add(() => network.close());
  const profile = network.connectionProfile(ORGANISATIONS[0]!.mspId);
  const organizations = await Promise.all(
    Object.entries(profile.organizations).map(async ([name, organisation]) => {
      const { certificate, privateKey } = await network.enrol(organisation.mspid, 'Admin', 'admin');
      const keys = { signedCert: { pem: certificate }, adminPrivateKey: { pem: privateKey } };
      return [name, { ...organisation, ...keys }] as const;
    }),
  );
  const file = join(directory, 'profile.json');
  const complete = { ...profile, organizations: Object.fromEntries(organizations) };
  await writeFile(file, JSON.stringify(complete), { mode: 0o600 });
  return file;
}
