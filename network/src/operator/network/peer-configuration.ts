/**
 * The smallest core.yaml that Fabric's `peer` command is content with as a client. Everything else it reads from the
 * environment (peer-environment.ts).
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../atomic-file.ts';

const READABLE = 0o644;

const CORE_YAML = `# For the stock peer command as a client of this network; see: npx lamplighter network env ORG
peer:
  client:
    connTimeout: 10s
  BCCSP:
    Default: SW
    SW:
      Hash: SHA2
      Security: 256
`;

/** @returns the folder, as FABRIC_CFG_PATH takes it. */
export async function writePeerConfiguration(networkFolder: string): Promise<string> {
  const folder = join(networkFolder, 'peer-command');
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, 'core.yaml'), CORE_YAML, READABLE);
  return folder;
}
