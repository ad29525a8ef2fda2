/** Who imports one algorithm bundles no other; and every algorithm of the catalogue can be imported alone. */
import { build } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SDK = join(__dirname, '../../../sdk');
const SUB_PATH = /^\.\/crypto\/(?<name>[a-z0-9-]+)$/;

interface Package {
  readonly exports: Readonly<Record<string, { readonly import: string; readonly require: string }>>;
}

const { exports } = JSON.parse(readFileSync(join(SDK, 'package.json'), 'utf8')) as Package;
const names = Object.keys(exports).flatMap((path) => SUB_PATH.exec(path)?.groups?.name ?? []);

/** Files of sdk/src that have a part in a bundle of these statements. */
async function filesOf(contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: __dirname },
    alias: {
      ...Object.fromEntries(
        names.map((name) => [
          `@lamplighter/sdk/crypto/${name}`,
          join(SDK, `src/crypto/${name}.ts`),
        ]),
      ),
      '@lamplighter/sdk/crypto': join(SDK, 'src/crypto/index.ts'),
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) => {
    const name = /sdk\/src\/crypto\/(?<name>[a-z0-9-]+)\.ts$/.exec(file)?.groups?.name;
    return name === undefined || bytesInOutput === 0 ? [] : [name];
  });
}

it('sub-paths of the package are files of crypto/, compiled to both formats', () => {
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    expect(existsSync(join(SDK, `src/crypto/${name}.ts`))).toBe(true);
    expect(exports[`./crypto/${name}`]).toEqual({
      import: `./dist/esm/crypto/${name}.js`,
      require: `./dist/cjs/crypto/${name}.js`,
    });
  }
});

it('every algorithm that the catalogue imports has a sub-path', () => {
  const catalogue = readFileSync(join(SDK, 'src/crypto/catalogue.ts'), 'utf8');
  const imported = [
    ...catalogue.matchAll(/^\} from '\.\/(.*)\.ts';|^import \{.*'\.\/(.*)\.ts';/gm),
  ];
  const modules = imported.flatMap(([, one, other]) => one ?? other ?? []);
  expect(modules).toContain('speck');
  expect(modules).toContain('spongent');
  expect(modules.filter((name) => !names.includes(name))).toEqual([]);
});

describe('a bundle', () => {
  it('of SPECK has no other cipher', async () => {
    const files = await filesOf("export { speck64_128 } from '@lamplighter/sdk/crypto/speck';");
    expect(files.sort()).toEqual(['block-cipher', 'speck', 'words']);
  });

  it('of PRESENT in EAX has that mode and no other cipher', async () => {
    const files = await filesOf(
      `import { eax } from '@lamplighter/sdk/crypto/eax';
       import { present128 } from '@lamplighter/sdk/crypto/present';
       export const aead = eax(present128);`,
    );
    expect(files.sort()).toEqual(['block-cipher', 'cmac', 'ctr', 'eax', 'errors', 'present']);
  });

  it('of one name out of the whole has no more than that needs', async () => {
    const files = await filesOf("export { ctr } from '@lamplighter/sdk/crypto';");
    expect(files).toEqual(['ctr']);
  });

  it('of the catalogue has all, so that the checks above can fail', async () => {
    const files = await filesOf("export { blockCiphers } from '@lamplighter/sdk/crypto';");
    expect(files).toEqual(expect.arrayContaining(['present', 'simon', 'speck']));
  });
});
