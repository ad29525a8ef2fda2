// Bundles the kill points, which are TypeScript, and runs them: `npm run faults -- --seed 7 --tries 50`.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outfile = `${root}node_modules/.cache/faults/main.cjs`;

/** Benches find their programs beside themselves, also from within the bundle. */
const ownDirectory = {
  name: 'own-directory',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, async (file) => {
      const text = await readFile(file.path, 'utf8');
      const directory = JSON.stringify(path.dirname(file.path));
      return { contents: `const __dirname = ${directory};\n${text}`, loader: 'ts' };
    });
  },
};

await build({
  entryPoints: [`${root}test/faults/main.ts`],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  packages: 'external',
  plugins: [ownDirectory],
  outfile,
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_NO_WARNINGS: '1' },
});
process.exitCode = status ?? 1;
