/** How stake stands, as plain JSON: what commands and screens show. */
import type { CoinAge, StakeCaseRecord, StakeOfferRecord } from '@lamplighter/chaincode';
import { standingOf, type StakeTable } from '@lamplighter/chaincode/stake';

import type { EvaluateOptions } from './ledger.ts';
import type { StakeContract } from './stake-contract.ts';

export interface StakeStatus {
  /** Of the last election; 0 before the first. */
  readonly epoch: number;
  readonly epochSeconds: number;
  /** MSP id; empty when nobody can be elected. */
  readonly validator: string;
  /** The validator before, whose endorsement still serves; empty when it does not. */
  readonly previous: string;
  /** Shares, burned ones among them. */
  readonly issued: string;
  readonly burned: string;
  /** Such as `1/2`: endorsing shares must be more. */
  readonly threshold: string;
  /** Such as `1/2`: no purchase may bring an organisation so far. */
  readonly cap: string;
  /** The largest first. */
  readonly organisations: readonly (CoinAge & { readonly skips: number })[];
  /** The newest first. */
  readonly cases: readonly StakeCaseRecord[];
  /** Open ones, the newest first. */
  readonly offers: readonly StakeOfferRecord[];
}

/** Cases and offers that are looked at. */
const MOST_RECORDS = 500;

/** @throws LedgerError STAKE_NOT_INITIALISED */
export async function readStakeStatus(
  stake: StakeContract,
  options: EvaluateOptions = {},
): Promise<StakeStatus> {
  const page = { ...options, pageSize: MOST_RECORDS };
  const [table, cases, offers] = await Promise.all([
    stake.readTable(options),
    stake.cases(page),
    stake.offers(page),
  ]);
  return stakeStatusOf(table, cases.items, offers.items);
}

/** Pure. */
export function stakeStatusOf(
  table: StakeTable,
  cases: readonly StakeCaseRecord[],
  offers: readonly StakeOfferRecord[],
): StakeStatus {
  const { epoch, epochSeconds, validator, previous, issued, threshold, cap } = table;
  const held = table.organisations.reduce((sum, { shares }) => sum + shares, 0n);
  return {
    epoch,
    epochSeconds,
    validator,
    previous,
    issued: String(issued),
    burned: String(issued - held),
    threshold: `${threshold.num}/${threshold.den}`,
    cap: `${cap.num}/${cap.den}`,
    organisations: [...table.organisations]
      .sort((left, right) => Number(right.shares - left.shares))
      .map((holder) => ({
        mspId: holder.mspId,
        shares: String(holder.shares),
        coinAge: String(holder.coinAge),
        standing: standingOf(holder),
        skips: holder.skips,
      })),
    cases: newestFirst(cases),
    offers: newestFirst(offers.filter(({ state }) => state === 'open')),
  };
}

function newestFirst<T extends { readonly time: string }>(records: readonly T[]): readonly T[] {
  return [...records].sort((left, right) => (left.time < right.time ? 1 : -1));
}
