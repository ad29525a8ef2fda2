import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StakeStatus } from '../../network/src/ledger/index.ts';

const run = promisify(execFile);
const program = join(__dirname, '..', '..', 'bin', 'lamplighter.js');

/** What `--once --json` prints. */
interface OnceDocument {
  readonly ok: boolean;
  readonly reason: string;
  readonly durationMs: number;
  readonly engine: string;
  readonly organisations: readonly string[];
  readonly blocks: number;
  readonly transactions: { readonly valid: number; readonly invalid: number };
  readonly devices: readonly {
    readonly id: string;
    readonly kind: string;
    readonly vendor: string;
    readonly manager: string;
    readonly model: string;
    readonly version: string;
    readonly status: string;
    readonly history: readonly unknown[];
    readonly readThrough: string;
  }[];
  readonly protocols: Readonly<Record<string, number>>;
  readonly abnormal: readonly string[];
  readonly refusedReleases: readonly unknown[];
  readonly stake: StakeStatus;
}

describe('npm start -- --once --json', () => {
  let document: OnceDocument;
  beforeAll(async () => {
    const { stdout } = await run(process.execPath, [program, 'start', '--once', '--json'], {
      maxBuffer: 16 * 1_048_576,
      timeout: 150_000,
    });
    document = JSON.parse(stdout) as OnceDocument;
  }, 160_000);

  it('did the whole main job', () => {
    expect(document).toMatchObject({ ok: true, reason: '', engine: 'embedded' });
    expect(document.organisations).toEqual(['NorthlightMSP', 'HeliosMSP', 'MeridianMSP']);
    expect(document.transactions.valid).toBeGreaterThan(0);
    expect(document.blocks).toBeGreaterThan(1);
  });

  it('has 24 devices, 8 of them lightweight, read through an organisation that did not write', () => {
    expect(document.devices).toHaveLength(24);
    expect(document.devices.filter((device) => device.kind === 'lightweight')).toHaveLength(8);
    const writers: Record<string, string> = {
      'gateway-north': 'NorthlightMSP',
      'gateway-south': 'HeliosMSP',
    };
    for (const device of document.devices) {
      expect(device.readThrough).not.toBe(writers[device.manager]);
      expect(device.history.length).toBeGreaterThanOrEqual(1);
    }
  });

  it('completed rounds of all four protocols', () => {
    const protocols = ['monitoring', 'updateRequest', 'lightweightMonitoring', 'propagation'];
    expect(Object.keys(document.protocols).sort()).toEqual([...protocols].sort());
    for (const protocol of protocols) expect(document.protocols[protocol]).toBeGreaterThan(0);
  });

  it('found the two tampered devices and nobody else', () => {
    expect([...document.abnormal].sort()).toEqual(['essential-hub-02', 'move-hub-02']);
  });

  it('had validators elected by stake, and sold shares', () => {
    const { stake } = document;
    expect(stake).toMatchObject({ issued: '100', burned: '0', cases: [], offers: [] });
    expect(document.organisations).toContain(stake.validator);
    expect(stake.epoch).toBeGreaterThan(0);
    const shares = stake.organisations.map((each) => [each.mspId, each.shares]);
    expect(Object.fromEntries(shares)).toEqual({
      NorthlightMSP: '40',
      HeliosMSP: '30',
      MeridianMSP: '30',
    });
  });

  it('updated what should be updated and nothing by a broken signature', () => {
    const versions = (model: string): ReadonlySet<string> =>
      new Set(
        document.devices.filter((device) => device.model === model).map((device) => device.version),
      );
    expect(versions('technic-hub')).toEqual(new Set(['7.28.0']));
    expect(versions('city-hub')).toEqual(new Set(['7.28.0']));
    expect(versions('move-hub')).toEqual(new Set(['7.27.0']));
    expect(versions('ev3-brick')).toEqual(new Set(['7.27.0']));
    expect(document.refusedReleases.length).toBeGreaterThanOrEqual(2);
  });
});
