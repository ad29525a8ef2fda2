/** Compiles the suite's contract into a folder that the shim's server runs it from. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

const ROOT = join(__dirname, '../../..');

/**
 * @param source - folder of contract and package.json.
 * @returns the folder to start the server in.
 */
export async function buildContract(source: string): Promise<string> {
  // Below node_modules, so that the shim is found from there.
  const directory = join(ROOT, 'node_modules/.cache/conformance/contract');
  await mkdir(directory, { recursive: true });
  await build({
    entryPoints: [join(source, 'features.ts')],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outdir: directory,
  });
  await copyFile(join(source, 'package.json'), join(directory, 'package.json'));
  return directory;
}
