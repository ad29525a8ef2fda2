/** Browsers load no module of Node: what needs one is behind a dynamic import, or in `@lamplighter/sdk/node`. */
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Modules that a browser loads with an entry of the SDK before it calls anything. */
async function loadedWith(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [join(ROOT, 'sdk/src', entry)],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    outdir: ROOT,
    external: ['ws', 'node:*'],
  });
  const first = Object.entries(metafile.outputs).find(([, output]) =>
    output.entryPoint?.endsWith(entry),
  );
  return statically(metafile, first?.[0] ?? '');
}

function statically({ outputs }: Metafile, name: string, seen = new Set<string>()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  for (const { path, kind } of outputs[name]?.imports ?? []) {
    if (kind === 'import-statement') statically({ inputs: {}, outputs }, path, seen);
  }
  return [...seen];
}

describe('a browser', () => {
  it.each(['index.ts', 'wire/index.ts', 'crypto/index.ts', 'protocol/index.ts'])(
    'loads nothing of Node with %s',
    async (entry) => {
      const loaded = await loadedWith(entry);
      expect(loaded.filter((name) => /^(?:node:|ws$)/.test(name))).toEqual([]);
      expect(loaded.length).toBeGreaterThan(0);
    },
  );

  it('would with node/index.ts, so that the check above can fail', async () => {
    expect(await loadedWith('node/index.ts')).toContain('node:fs/promises');
  });
});
