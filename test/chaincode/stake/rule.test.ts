/** The shared vectors; network/plugin/stake is held to the same in Go. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeByStake, type EndorsedTransaction } from '../../../chaincode/src/stake/index.ts';

const ROOT = join(__dirname, '../../..');

interface Case extends Omit<EndorsedTransaction, 'table'> {
  readonly name: string;
  readonly table: string | null;
  readonly verdict: string;
}

const { cases } = JSON.parse(
  readFileSync(join(ROOT, 'test/vectors/stake-policy.json'), 'utf8'),
) as { cases: readonly Case[] };

describe('the rule of stake', () => {
  it('has vectors enough, of every verdict', () => {
    expect(cases.length).toBeGreaterThanOrEqual(200);
    expect(new Set(cases.map(({ verdict }) => verdict)).size).toBe(5);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it.each(cases)('$name: $verdict', ({ table, verdict, ...transaction }) => {
    const bytes = table === null ? null : Buffer.from(table);
    expect(judgeByStake({ ...transaction, table: bytes })).toBe(verdict);
  });

  it('does not depend on the order of the endorsers', () => {
    for (const { table, verdict, endorsers, ...transaction } of cases) {
      const bytes = table === null ? null : Buffer.from(table);
      const reversed = [...endorsers].reverse();
      expect(judgeByStake({ ...transaction, endorsers: reversed, table: bytes })).toBe(verdict);
    }
  });
});

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

// Where Go is not installed these count as skipped.
(hasGo() ? describe : describe.skip)('the rule of stake in Go', () => {
  const go = (...args: readonly string[]): string =>
    execFileSync('go', args, {
      cwd: join(ROOT, 'network/plugin/stake'),
      encoding: 'utf8',
      env: { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off', GOWORK: 'off' },
    });

  it('passes go vet', () => {
    expect(go('vet', './...')).toBe('');
  });

  it('gives the same verdicts', () => {
    expect(go('test', '-count=1', '-v', './...')).toContain(`${cases.length} vectors`);
  });
});
