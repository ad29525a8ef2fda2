/** Who endorsed, with how much stake, and what all peers say to it; the table in network/README.md is written from here. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { NetworkLogger } from '../../../network/src/embedded/index.ts';
import { SILENT } from '../../../network/src/network-logger.ts';
import { FOUNDING } from '../../chaincode/stake/founding.ts';
import { StakeNetwork, vendorOf, type Name } from './stake-client.ts';

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

/** Submits a transaction that peers of these organisations endorse; `nobody` is endorsed, and sent without endorsements. */
async function judge(
  what: string,
  as: Name,
  by: readonly Name[],
  args: readonly string[],
): Promise<string> {
  const endorsed = await network.endorse(as, by.length > 0 ? by : ['northlight'], ...args);
  const code = await network.commit(as, endorsed, by.length > 0 ? endorsed.responses : []);
  const reason = reasons.get(endorsed.draft.transactionId);
  const verdict = reason === undefined ? code : `${code}: ${reason}`;
  rows.push({ what, by, verdict });
  return verdict;
}

const vendor = (id: string): readonly string[] => ['DeviceRegistry:RegisterVendor', vendorOf(id)];
const failure = (reason: string): string => `ENDORSEMENT_POLICY_FAILURE: ${reason}`;

it.each<[readonly Name[], string]>([
  [[], failure('STAKE_TOO_SMALL')],
  [['northlight'], failure('STAKE_TOO_SMALL')],
  [['northlight', 'northlight'], failure('STAKE_TOO_SMALL')],
  [['helios'], failure('STAKE_TOO_SMALL')],
  [['meridian'], failure('STAKE_TOO_SMALL')],
  [['helios', 'meridian'], failure('VALIDATOR_MISSING')],
  [['northlight', 'helios'], 'VALID'],
  [['northlight', 'meridian'], 'VALID'],
  [['northlight', 'helios', 'meridian'], 'VALID'],
])('a write by %j: %s', async (by, verdict) => {
  const id = `vendor-${rows.length}`;
  expect(await judge('a write', 'northlight', by, vendor(id))).toBe(verdict);
  const read = await network.query('northlight', 'DeviceRegistry:ReadVendor', id);
  expect(read.getStatus() === 200).toBe(verdict === 'VALID');
});

it.each<[readonly Name[], string]>([
  [['meridian'], failure('STAKE_TOO_SMALL')],
  [['northlight', 'meridian'], 'VALID'],
])('a query that is ordered, by %j: %s', async (by, verdict) => {
  const query = ['StatusLog:AbnormalDevices', '1', ''];
  expect(await judge('a query that is ordered', 'northlight', by, query)).toBe(verdict);
});

it('a vote to skip the validator, without it', async () => {
  const what = 'a vote to skip the validator';
  const { validator, epoch } = await network.table();
  const skip = ['Stake:SkipValidator', validator, String(epoch), 'silent'];
  const by: readonly Name[] = ['helios', 'meridian'];
  expect(await judge(what, 'helios', ['helios'], skip)).toBe(failure('STAKE_TOO_SMALL'));
  expect(await judge(what, 'helios', by, skip)).toBe('VALID');
  expect((await network.table()).validator).toBe('NorthlightMSP');
  expect(await judge(what, 'meridian', by, skip)).toBe('VALID');
  expect(await network.table()).toMatchObject({ validator: 'HeliosMSP', previous: '' });
});

it.each<[readonly Name[], string]>([
  [['northlight', 'meridian'], failure('VALIDATOR_MISSING')],
  [['helios', 'meridian'], 'VALID'],
])('a write by %j after the skip: %s', async (by, verdict) => {
  const what = 'a write, with helios in the place of northlight';
  const args = vendor(`vendor-${rows.length}`);
  expect(await judge(what, 'northlight', by, args)).toBe(verdict);
});

it('an election, without the validator', async () => {
  const by: readonly Name[] = ['northlight', 'meridian'];
  const what = 'an election';
  expect(await judge(what, 'meridian', by, ['Stake:ElectValidator'])).toBe('VALID');
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
