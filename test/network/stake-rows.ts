/**
 * Who endorsed, with how much stake, and what all peers say to it: the rows of the table in network/README.md, in an order that matters.
 * Stake is founded, Northlight 45, Helios 30, Meridian 25; Northlight is validator.
 */
import { vendorOf, type Endorsed, type Name, type StakeNetwork } from './embedded/stake-client.ts';

export interface StakeRow {
  readonly what: string;
  readonly as: Name;
  /** Whose peers endorse; nobody: it is sent without endorsements. */
  readonly by: readonly Name[];
  /** Code, and the rule's reason. */
  readonly verdict: string;
  readonly args: (network: StakeNetwork) => readonly string[] | Promise<readonly string[]>;
  /** What has to stand on the ledger then. */
  readonly check?: (network: StakeNetwork, valid: boolean) => Promise<boolean>;
}

export const VALID = 'VALID';
export const failure = (reason: string): string => `ENDORSEMENT_POLICY_FAILURE: ${reason}`;
export const TOO_SMALL = failure('STAKE_TOO_SMALL');
export const NO_VALIDATOR = failure('VALIDATOR_MISSING');

let vendors = 0;

function write(by: readonly Name[], verdict: string, what = 'a write'): StakeRow {
  const id = `row-${++vendors}`;
  return {
    what,
    as: 'northlight',
    by,
    verdict,
    args: () => ['DeviceRegistry:RegisterVendor', vendorOf(id)],
    check: async (network, valid) => {
      const read = await network.query('northlight', 'DeviceRegistry:ReadVendor', id);
      return (read.getStatus() === 200) === valid;
    },
  };
}

function query(by: readonly Name[], verdict: string): StakeRow {
  return {
    what: 'a query that is ordered',
    as: 'northlight',
    by,
    verdict,
    args: () => ['StatusLog:AbnormalDevices', '1', ''],
  };
}

/** @param validator who is it then */
function skip(as: Name, by: readonly Name[], verdict: string, validator: string): StakeRow {
  return {
    what: 'a vote to skip the validator',
    as,
    by,
    verdict,
    args: async (network) => {
      const table = await network.table();
      return ['Stake:SkipValidator', table.validator, String(table.epoch), 'silent'];
    },
    check: async (network) => (await network.table()).validator === validator,
  };
}

const AFTER = 'a write, with helios in the place of northlight';

export const STAKE_ROWS: readonly StakeRow[] = [
  write([], TOO_SMALL),
  write(['northlight'], TOO_SMALL),
  write(['northlight', 'northlight'], TOO_SMALL),
  write(['helios'], TOO_SMALL),
  write(['meridian'], TOO_SMALL),
  write(['helios', 'meridian'], NO_VALIDATOR),
  write(['northlight', 'helios'], VALID),
  write(['northlight', 'meridian'], VALID),
  write(['northlight', 'helios', 'meridian'], VALID),
  query(['meridian'], TOO_SMALL),
  query(['northlight', 'meridian'], VALID),
  skip('helios', ['helios'], TOO_SMALL, 'NorthlightMSP'),
  skip('helios', ['helios', 'meridian'], VALID, 'NorthlightMSP'),
  skip('meridian', ['helios', 'meridian'], VALID, 'HeliosMSP'),
  write(['northlight', 'meridian'], NO_VALIDATOR, AFTER),
  write(['helios', 'meridian'], VALID, AFTER),
  {
    what: 'an election',
    as: 'meridian',
    by: ['northlight', 'meridian'],
    verdict: VALID,
    args: () => ['Stake:ElectValidator'],
  },
];

export interface Judged {
  readonly endorsed: Endorsed;
  /** Which all peers gave. */
  readonly code: string;
}

/** Sends a row's transaction. */
export async function judge(network: StakeNetwork, { as, by, args }: StakeRow): Promise<Judged> {
  const endorsed = await network.endorse(
    as,
    by.length > 0 ? by : ['northlight'],
    ...(await args(network)),
  );
  const code = await network.commit(as, endorsed, by.length > 0 ? endorsed.responses : []);
  return { endorsed, code };
}

export const titled = STAKE_ROWS.map(
  (row, index) =>
    [`${index + 1}. ${row.what} by ${row.by.join(', ') || 'nobody'}: ${row.verdict}`, row] as const,
);
