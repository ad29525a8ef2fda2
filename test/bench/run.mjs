// Bundles the measurements, which are TypeScript, and runs them: `npm run bench -- network --rounds 3`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outdir = `${root}node_modules/.cache/bench`;

await build({
  entryPoints: {
    main: `${root}test/bench/main.ts`,
    'network-program': `${root}test/bench/network/network-program.ts`,
    'fabric-program': `${root}test/bench/network/fabric-program.ts`,
    'client-program': `${root}test/bench/network/client-program.ts`,
    'usage-of-chaincode': `${root}test/bench/network/usage-of-chaincode.ts`,
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  packages: 'external',
  outdir,
  outExtension: { '.js': '.cjs' },
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [`${outdir}/main.cjs`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_NO_WARNINGS: '1' },
});
process.exitCode = status ?? 1;
