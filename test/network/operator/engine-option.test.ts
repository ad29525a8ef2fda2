import { Command } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  chooseEngine,
  withEngine,
  type EngineFlags,
} from '../../../network/src/operator/engine-option.ts';
import { codeOf } from '../code-of.ts';

const flags = (change: Partial<EngineFlags> = {}): EngineFlags => ({
  fabric: false,
  stockPeers: false,
  byzantine: [],
  ...change,
});

function parsed(...args: readonly string[]): EngineFlags {
  const command = withEngine(new Command()).exitOverride().configureOutput({ writeErr: String });
  return command.parse(args, { from: 'user' }).opts<EngineFlags & Record<string, unknown>>();
}

describe('the engine of the command line', () => {
  const { FABRIC_BIN } = process.env;
  const nothing = mkdtempSync(join(tmpdir(), 'no-fabric-'));
  beforeAll(() => {
    process.env['FABRIC_BIN'] = nothing;
  });
  afterAll(() => {
    delete process.env['FABRIC_BIN'];
    if (FABRIC_BIN !== undefined) process.env['FABRIC_BIN'] = FABRIC_BIN;
    rmSync(nothing, { recursive: true });
  });

  it('is the embedded one by default, which may have peers that lie', async () => {
    expect(parsed()).toEqual(flags());
    const engine = await chooseEngine(parsed('--byzantine', 'helios=refuse'));
    expect(engine).toMatchObject({
      kind: 'embedded',
      flags: ['--byzantine', 'HeliosMSP=refuse'],
      lines: [expect.stringContaining('MISBEHAVES')],
    });
    expect((await chooseEngine(flags())).lines).toEqual([]);
  });

  it.each([{ plugin: 'stake.so' }, { stockPeers: true }])(
    'has no use for %j without --fabric',
    async (change) => {
      expect(await codeOf(() => chooseEngine(flags(change)))).toBe('OPTION_INVALID');
    },
  );

  it('has no peers that lie on request with --fabric', async () => {
    const given = parsed('--fabric', '--byzantine', 'helios=refuse');
    await expect(chooseEngine(given)).rejects.toThrow(/real and do not lie on request/);
    expect(await codeOf(() => chooseEngine(given))).toBe('OPTION_INVALID');
  });

  it('is either with a plugin or with stock peers', () => {
    expect(parsed('--fabric', '--stock-peers')).toEqual(flags({ fabric: true, stockPeers: true }));
    expect(() => parsed('--fabric', '--plugin', 'stake.so', '--stock-peers')).toThrow(
      expect.objectContaining({ code: 'commander.conflictingOption' }) as Error,
    );
  });

  it("says at once which of Fabric's programs are missing, and where to get them", async () => {
    const chosen = chooseEngine(flags({ fabric: true }));
    await expect(chosen).rejects.toMatchObject({ code: 'BINARIES_MISSING' });
    await expect(chosen).rejects.toThrow(
      /peer: not found\n(.*\n)*.*osnadmin: not found\n.*hyperledger-fabric\.readthedocs\.io/,
    );
  });
});
