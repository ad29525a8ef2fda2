/** Stake tables for tests. */
import type { StakeHolder, StakeTable } from '../../../chaincode/src/stake/index.ts';

export const aHolder = (
  mspId: string,
  shares: number | bigint,
  change: Partial<StakeHolder> = {},
): StakeHolder => ({
  mspId,
  shares: BigInt(shares),
  coinAge: 0n,
  barred: false,
  absent: false,
  skips: 0,
  ...change,
});

/** All issued shares are held, unless `change` says otherwise. */
export function aTable(
  organisations: readonly StakeHolder[],
  change: Partial<StakeTable> = {},
): StakeTable {
  return {
    issued: organisations.reduce((sum, { shares }) => sum + shares, 0n),
    threshold: { num: 1n, den: 2n },
    cap: { num: 1n, den: 2n },
    epochSeconds: 60,
    epoch: 0,
    validator: organisations[0]?.mspId ?? '',
    previous: '',
    organisations,
    ...change,
  };
}
