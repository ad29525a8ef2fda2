/**
 * The builder that lets peers run chaincode as a service without Docker: three scripts that hand the package's connection.json on.
 * Packages are those of Fabric's own builder of that kind.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const EXECUTABLE = 0o755;

/** detect SOURCE METADATA · build SOURCE METADATA OUTPUT · release OUTPUT RELEASE */
const SCRIPTS: Readonly<Record<string, string>> = {
  detect: `grep -q '"type" *: *"ccaas"' "$2/metadata.json"`,
  build: `cp "$1/connection.json" "$3/connection.json"`,
  release: `mkdir -p "$2/chaincode/server"
cp "$1/connection.json" "$2/chaincode/server/connection.json"`,
};

/** @param folder - as `chaincode.externalBuilders` of core.yaml names it */
export async function writeBuilder(folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'), { recursive: true });
  for (const [name, lines] of Object.entries(SCRIPTS)) {
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\nset -e\n${lines}\n`, {
      mode: EXECUTABLE,
    });
  }
}
