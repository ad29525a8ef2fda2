/** An embedded network for a suite that is given no profile, with a profile that looks like any other. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Closers } from '../../../network/src/closers.ts';
import { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { ORGANISATIONS } from '../../network/embedded/fabric-client.ts';

/** @returns the path of a profile with the keys of its administrators. */
export async function startEmbedded(closers: Closers): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  closers.add(() => rm(directory, { recursive: true, force: true }));
  const network = await EmbeddedNetwork.start({
    directory,
    organisations: ORGANISATIONS,
    chaincodes: [],
    batch: { maxMessageCount: 50, timeoutMs: 20 },
  });
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
