/** Compiles the suite's contract into a folder that the shim's server runs it from. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

// From the sources and, as deep, from where `run.mjs` bundles them to.
const ROOT = join(__dirname, '../../..');
const SOURCE = join(ROOT, 'test/conformance/contract');

/** @returns the folder to start the server in. */
export async function buildContract(): Promise<string> {
  // Below node_modules, so that the shim is found from there.
  const directory = join(ROOT, 'node_modules/.cache/conformance/contract');
  await mkdir(directory, { recursive: true });
  await build({
    entryPoints: [join(SOURCE, 'features.ts')],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outdir: directory,
  });
  await copyFile(join(SOURCE, 'package.json'), join(directory, 'package.json'));
  return directory;
}
