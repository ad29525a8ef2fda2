import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StakeStatus } from '../../network/src/ledger/index.ts';

const run = promisify(execFile);
const program = join(__dirname, '..', '..', 'bin', 'lamplighter.js');
const ACCUSED = 'NorthlightMSP';
const PATIENCE_MS = 160_000;

interface Outcome {
  readonly ok: boolean;
  readonly reason: string;
  readonly stake: StakeStatus;
  /** What was printed. */
  readonly lines: string;
}

/** The whole main job, while Northlight's peer, which holds most stake and is the first validator, misbehaves. */
async function mainJobWith(mode: string): Promise<Outcome> {
  const args = ['start', '--once', '--json', '--devices', '6'];
  const { stdout, stderr } = await run(
    process.execPath,
    [program, ...args, '--byzantine', `northlight=${mode}`],
    { maxBuffer: 16 * 1_048_576, timeout: 150_000 },
  );
  return { ...(JSON.parse(stdout) as Omit<Outcome, 'lines'>), lines: stderr };
}

/** Of 45 shares it may have sold 5 before it is found out: that is a matter of seconds. */
const OWN: unknown = expect.stringMatching(/^4[05]$/);

const holder = ({ stake }: Outcome): StakeStatus['organisations'][number] | undefined =>
  stake.organisations.find(({ mspId }) => mspId === ACCUSED);

describe('a city whose largest peer misbehaves does its whole job, and loses no report', () => {
  it(
    'burns the stake of one that signs two answers, and bars it',
    async () => {
      const outcome = await mainJobWith('equivocate');
      expect(outcome).toMatchObject({ ok: true, reason: '', stake: { burned: OWN } });
      expect(holder(outcome)).toMatchObject({ shares: '0', standing: 'barred' });
      expect(outcome.stake.validator).not.toBe(ACCUSED);
      expect(outcome.stake.cases.at(-1)).toMatchObject({
        kind: 'equivocation',
        accused: ACCUSED,
        burned: OWN,
        state: 'burned',
      });
      expect(outcome.lines).toMatch(/^stake: MISCONDUCT of northlight: equivocation;/m);
    },
    PATIENCE_MS,
  );

  it(
    'bars one whose answers differ from all others, and burns nothing',
    async () => {
      const outcome = await mainJobWith('diverge');
      expect(outcome).toMatchObject({ ok: true, reason: '', stake: { burned: '0' } });
      expect(holder(outcome)).toMatchObject({ shares: OWN, standing: 'barred' });
      expect(outcome.stake.cases.at(-1)).toMatchObject({
        kind: 'divergence',
        accused: ACCUSED,
        burned: '0',
        state: 'barred',
        witnesses: expect.arrayContaining(['HeliosMSP', 'MeridianMSP']) as unknown,
      });
    },
    PATIENCE_MS,
  );

  it(
    'passes over a validator that refuses, and accuses it of nothing',
    async () => {
      const outcome = await mainJobWith('refuse');
      expect(outcome).toMatchObject({ ok: true, reason: '', stake: { burned: '0', cases: [] } });
      expect(holder(outcome)).toMatchObject({ shares: OWN });
      expect(holder(outcome)?.skips).toBeGreaterThan(0);
      expect(outcome.lines).toMatch(
        /^stake: epoch \d+: northlight was skipped, \w+ is the validator/m,
      );
    },
    PATIENCE_MS,
  );
});
