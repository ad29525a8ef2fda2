/** Who endorsed, with how much stake, and what all peers say to it; the table in network/README.md is written from here. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { NetworkLogger } from '../../../network/src/embedded/index.ts';
import { SILENT } from '../../../network/src/network-logger.ts';
import { FOUNDING } from '../../chaincode/stake/founding.ts';
import { judge, titled, VALID } from '../stake-rows.ts';
import { StakeNetwork, type Name } from './stake-client.ts';

jest.setTimeout(120_000);

const README = join(__dirname, '../../../network/README.md');
const SHARES: ReadonlyMap<string, number> = new Map(
  FOUNDING.organisations.map(({ mspId, shares }) => [
    mspId.replace('MSP', '').toLowerCase(),
    Number(shares),
  ]),
);

interface Row {
  readonly what: string;
  readonly by: readonly Name[];
  readonly verdict: string;
}

/** Why peers found transactions invalid, by transaction id. */
const reasons = new Map<string, string>();
const logger: NetworkLogger = {
  ...SILENT,
  warn: (facts) => {
    const { transaction, reason } = facts as { transaction?: string; reason?: string };
    if (transaction !== undefined) reasons.set(transaction, String(reason).split(':')[0]!);
  },
};

const rows: Row[] = [];
let network: StakeNetwork;

beforeAll(async () => {
  network = await StakeNetwork.start({ logger }, false);
}, 120_000);
afterAll(() => network[Symbol.asyncDispose]());

it.each(titled)('%s', async (_title, row) => {
  const { endorsed, code } = await judge(network, row);
  const reason = reasons.get(endorsed.draft.transactionId);
  const verdict = reason === undefined ? code : `${code}: ${reason}`;
  rows.push({ ...row, verdict });
  expect(verdict).toBe(row.verdict);
  expect(await (row.check?.(network, verdict === VALID) ?? true)).toBe(true);
});

const START = '<!-- written by test/network/embedded/stake.test.ts -->';
const END = '<!-- end -->';

it('is told in the README', () => {
  const lines = [
    ['transaction', 'endorsed by', 'stake of 100', 'verdict of every peer'],
    ['---', '---', '---:', '---'],
    ...rows.map(({ what, by, verdict }) => [
      what,
      by.join(', ') || 'nobody',
      String([...new Set(by)].reduce((sum, name) => sum + SHARES.get(name)!, 0)),
      verdict,
    ]),
  ].map((cells) => `| ${cells.join(' | ')} |`);
  const readme = readFileSync(README, 'utf8');
  const [start, end] = [readme.indexOf(START), readme.indexOf(END, readme.indexOf(START))];
  expect(start).toBeGreaterThan(0);
  if (process.env['WRITE_TABLES'] === '1') {
    const table = `${START}\n\n${lines.join('\n')}\n\n`;
    writeFileSync(README, readme.slice(0, start) + table + readme.slice(end));
  }
  const bare = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---').trim();
  const shown = readFileSync(README, 'utf8')
    .slice(start + START.length)
    .split(END)[0]!;
  expect(bare(shown)).toBe(lines.join('\n'));
});
