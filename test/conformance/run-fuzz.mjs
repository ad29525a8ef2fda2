// Bundles the fuzzer, which is TypeScript, and runs it: `npm run conformance:fuzz -- --seed 1 --transactions 1000`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
// As deep as the sources are: paths in them start from where they stand.
const outfile = `${root}node_modules/.cache/conformance/fuzz.cjs`;
await build({
  entryPoints: [`${root}test/conformance/fuzz/main.ts`],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  packages: 'external',
  outfile,
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? root,
  stdio: 'inherit',
  env: { ...process.env, NODE_NO_WARNINGS: '1' },
});
process.exitCode = status ?? 1;
