import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { build } from 'esbuild';

jest.setTimeout(120_000);

const run = promisify(execFile);
const ROOT = join(__dirname, '../../../..');
const BLOCK_BYTES = 16_384;
/** The block cache of 8 MiB is full by then. */
const FIRST = 1_200;
const LAST = 2_700;

describe('a ledger with a long chain', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'long-chain-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('holds no more memory than one with a short chain', async () => {
    const program = join(directory, 'program.js');
    await build({
      entryPoints: [join(__dirname, 'long-chain.ts')],
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      outfile: program,
    });
    const { stdout } = await run(
      process.execPath,
      ['--expose-gc', program, directory, String(FIRST), String(LAST)],
      { env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') } },
    );
    const [before, after] = JSON.parse(stdout) as [number, number];
    // The chain itself has grown by four times as much.
    expect(after - before).toBeLessThan(((LAST - FIRST) * BLOCK_BYTES) / 4);
  });
});
