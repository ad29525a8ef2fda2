/** The administrator of an organisation, of the folder that cryptogen would have made. */
import { join } from 'node:path';

import { readFolderFile } from '../membership/folder.ts';
import { certificatePath, KEY_PATH } from '../membership/msp-folder.ts';
import type { Credentials } from '../membership/signer.ts';
import { administratorFolder } from './paths.ts';
import type { NetworkNode } from './topology.ts';

/** @throws IdentityError ORGANISATION_INCOMPLETE */
export async function administratorCredentials(
  directory: string,
  node: NetworkNode,
): Promise<Credentials> {
  const folder = join(administratorFolder(directory, node), 'msp');
  return {
    mspId: node.mspId,
    certificate: await readFolderFile(folder, certificatePath(`Admin@${node.domain}`)),
    privateKey: await readFolderFile(folder, KEY_PATH),
  };
}
