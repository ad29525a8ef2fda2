/** A lightweight end node's bundle holds no public-key code (docs/protocol.md §2: class L). */
import { build } from 'esbuild';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const PUBLIC_KEY_CODE =
  /@noble\/curves|crypto\/(?:ed25519|x25519|envelope|end-node-code)\.ts|end-node\.ts/;

/** Files that have a part in the bundle of one export of the SDK. */
async function filesOf(name: string, platform: 'browser' | 'node'): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: `export { ${name} } from '@lamplighter/sdk';`, resolveDir: ROOT },
    alias: { '@lamplighter/sdk': join(ROOT, 'sdk/src/index.ts') },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform,
    external: ['ws', 'node:*'],
  });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 && !file.endsWith('lightweight-end-node.ts') ? [file] : [],
  );
}

describe('a bundle', () => {
  it.each(['browser', 'node'] as const)(
    'of LightweightEndNode for %s has symmetric primitives and hashes only',
    async (platform) => {
      const files = await filesOf('LightweightEndNode', platform);
      expect(files.filter((file) => PUBLIC_KEY_CODE.test(file))).toEqual([]);
      expect(files.some((file) => file.includes('@noble/ciphers/chacha'))).toBe(true);
    },
  );

  it('of EndNode has Ed25519 and X25519, so that the check above can fail', async () => {
    const files = await filesOf('EndNode', 'browser');
    expect(files.filter((file) => PUBLIC_KEY_CODE.test(file)).length).toBeGreaterThan(3);
  });
});
