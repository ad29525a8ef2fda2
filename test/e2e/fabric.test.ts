import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import type { OnceDocument } from '../../network/src/operator/city/once.ts';
import type { NetworkReport } from '../../network/src/operator/network/report.ts';
import { describeWithFabric, fabricBinaries } from '../network/fabric/binaries.ts';

const program = join(__dirname, '..', '..', 'bin', 'lamplighter.js');
const PATIENCE_MS = 300_000;
jest.setTimeout(PATIENCE_MS);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. @param fabric folder of Fabric's programs */
function lamplighter(fabric: string, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, FABRIC_BIN: fabric };
  const options = { env, maxBuffer: 16 * 1_048_576 };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const root = mkdtempSync(join(tmpdir(), 'lamplighter-fabric-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe("a machine without Fabric's programs", () => {
  it.each([
    ['start', '--fabric'],
    ['start', '--fabric', '--once'],
    ['network', 'up', '--fabric'],
  ])('hears from %s %s what is missing, and nothing is begun', async (...command) => {
    const directory = join(root, 'nothing');
    const ended = await lamplighter(root, ...command, '--directory', directory);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(/^lamplighter: BINARIES_MISSING: .*\n {2}peer: not found/);
    expect(await lamplighter(root, 'network', 'down', '--directory', directory)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NETWORK_NOT_RUNNING') as string,
    });
  });
});

describeWithFabric("a city on Fabric's own programs", () => {
  it('does the whole main job, by stock peers and coalitions', async () => {
    const bin = dirname(fabricBinaries().peer);
    const flags = ['--fabric', '--stock-peers', '--once', '--json'];
    const { code, stdout, stderr } = await lamplighter(bin, 'start', ...flags);
    const document = JSON.parse(stdout) as OnceDocument;
    expect(document).toMatchObject({
      ok: true,
      reason: '',
      engine: 'fabric',
      durationMs: expect.any(Number) as number,
    });
    expect(code).toBe(0);
    expect(document.devices).toHaveLength(24);
    expect([...document.abnormal].sort()).toEqual(['essential-hub-02', 'move-hub-02']);
    for (const rounds of Object.values(document.protocols)) expect(rounds).toBeGreaterThan(0);
    const shares = document.stake?.organisations.map((each) => [each.mspId, each.shares]);
    expect(Object.fromEntries(shares ?? [])).toEqual({
      NorthlightMSP: '40',
      HeliosMSP: '30',
      MeridianMSP: '30',
    });
    expect(stderr).toMatch(/^fabric: stock peers \(as --stock-peers says\): coalitions/m);
  });
});

describeWithFabric("a network of Fabric's own programs in the background", () => {
  const directory = join(root, 'detached');
  let bin = '';
  let started: Ended;
  const network = (...args: readonly string[]): Promise<Ended> =>
    lamplighter(bin, 'network', ...args, '--directory', directory);

  beforeAll(async () => {
    bin = dirname(fabricBinaries().peer);
    started = await network('up', '--fabric', '--stock-peers', '--detach');
  });
  afterAll(async () => {
    await network('down', '--wipe');
  });

  it('tells of every orderer, peer and chaincode process', async () => {
    expect(started).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await network('status', '--json');
    const report = JSON.parse(stdout) as NetworkReport;
    expect(report).toMatchObject({ healthy: true, engine: 'fabric', failedChecks: [] });
    expect(report.orderers).toHaveLength(4);
    expect(report.peers.map(({ mspId }) => mspId)).toEqual([
      'NorthlightMSP',
      'HeliosMSP',
      'MeridianMSP',
    ]);
    expect(report.contracts.map(({ mspId }) => mspId)).toEqual(
      report.peers.map(({ mspId }) => mspId),
    );
  });

  it("serves Fabric's peer command", async () => {
    const { stdout } = await network('env', 'helios', '--json');
    const env = { ...process.env, ...(JSON.parse(stdout) as Record<string, string>) };
    const query = ['chaincode', 'query', '-C', 'city', '-n', 'lamplighter'];
    const answer = await promisify(execFile)(
      join(bin, 'peer'),
      [...query, '-c', '{"Args":["Stake:ReadTable"]}'],
      { env },
    );
    expect(JSON.parse(answer.stdout)).toMatchObject({ issued: '100' });
  });

  it('keeps its directory from the embedded network', async () => {
    await network('down');
    const refused = await network('up');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('DIRECTORY_ENGINE') as string,
    ]);
  });
});
