import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { findBinaries, INSTALL_PAGE } from '../../../network/src/fabric/index.ts';

const PROGRAMS = ['peer', 'orderer', 'configtxgen', 'osnadmin'];

describe('findBinaries', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'binaries-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function program(name: string, script: string, under = folder): Promise<void> {
    await mkdir(under, { recursive: true });
    const file = join(under, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  const says = (name: string, version: string): string =>
    `printf '${name}:\\n Version: ${version}\\n Go version: go1.26\\n'`;

  async function all(version: string, under = folder): Promise<void> {
    for (const name of PROGRAMS) await program(name, says(name, version), under);
  }

  const paths = (under: string): Record<string, string> =>
    Object.fromEntries(PROGRAMS.map((name) => [name, join(under, name)]));

  it('finds them in the folder that FABRIC_BIN names', async () => {
    await all('v3.1.5');
    expect(await findBinaries({ FABRIC_BIN: folder, PATH: '/nowhere' })).toEqual(paths(folder));
  });

  it('finds them on PATH, in the first folder that has each', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await all('v3.1.0', second);
    await program('peer', says('peer', 'v3.1.9'), first);
    expect(await findBinaries({ PATH: [first, second].join(delimiter) })).toEqual({
      ...paths(second),
      peer: join(first, 'peer'),
    });
  });

  it.each(['3.1.0', 'v3.1.12', 'v3.1.0-rc1', 'v3.1'])('takes version %s', async (version) => {
    await all(version);
    await expect(findBinaries({ FABRIC_BIN: folder })).resolves.toEqual(paths(folder));
  });

  it('names all that is missing or wrong at once, and where Fabric says how to install them', async () => {
    await program('peer', says('peer', 'v2.5.12'));
    await program('orderer', 'echo "no such option" >&2; exit 3');
    await program('osnadmin', 'exit 0');
    const failure = findBinaries({ FABRIC_BIN: folder });
    await expect(failure).rejects.toMatchObject({ code: 'BINARIES_MISSING' });
    const { message } = (await failure.catch((error: unknown) => error)) as Error;
    expect(message).toContain(`peer: ${join(folder, 'peer')} is of version 2.5.12`);
    expect(message).toContain(`orderer: ${join(folder, 'orderer')} cannot be run`);
    expect(message).toContain('no such option');
    expect(message).toContain('configtxgen: not found');
    expect(message).not.toContain('osnadmin');
    expect(message).toContain(INSTALL_PAGE);
  });

  it.each(['v3.10.0', 'v3.0.5', 'v4.0.0', ''])('refuses version "%s"', async (version) => {
    await all(version);
    await expect(findBinaries({ FABRIC_BIN: folder })).rejects.toMatchObject({
      code: 'BINARIES_MISSING',
    });
  });

  it('does not take a file that cannot be run for a program', async () => {
    await all('v3.1.5');
    await chmod(join(folder, 'osnadmin'), 0o644);
    await expect(findBinaries({ FABRIC_BIN: folder })).rejects.toThrow('osnadmin: not found');
  });

  it.each([{}, { PATH: '' }, { FABRIC_BIN: '', PATH: '' }, { FABRIC_BIN: '/nowhere' }])(
    'says where it looked with %j',
    async (environment) => {
      await expect(findBinaries(environment)).rejects.toThrow(
        'FABRIC_BIN' in environment && environment.FABRIC_BIN !== ''
          ? 'in /nowhere'
          : 'FABRIC_BIN may name their folder',
      );
    },
  );
});
