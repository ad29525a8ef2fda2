/**
 * Election by coin age (design §5; paper 3.5). An election adds every active organisation's shares to its coin age; whoever is
 * elected uses up one turn: as much as all active organisations earn in an epoch.
 *
 * Not the highest coin age is elected, which may lag by more than a turn when one organisation is much larger than many others
 * (twelve with 5, 2, 3, 5, 76, 5, 88, 1, 12, 1, 2 and 1 shares: 1.2 turns), but among those that have earned any the one that
 * would be the first to have earned a whole turn, as Tijdeman's solution of the chairman assignment problem does (Discrete
 * Mathematics 32, 1980). So with fixed stakes every prefix is within one turn of proportional, and every window within two.
 */
import { createHash } from 'node:crypto';
import type { CoinAge } from './records.ts';
import type { StakeHolder, StakeTable } from './table.ts';

/** The epoch of a transaction: whole spans of transaction time. @param seconds since 1970 */
export function epochOf(seconds: number, { epochSeconds }: StakeTable): number {
  return Math.floor(seconds / epochSeconds);
}

/** Whether an organisation takes turns. */
export function isActive({ shares, barred, absent }: StakeHolder): boolean {
  return shares > 0n && !barred && !absent;
}

/** How an organisation stands, in a word. */
export function standingOf(holder: StakeHolder): CoinAge['standing'] {
  if (holder.barred) return 'barred';
  if (holder.shares === 0n) return 'without-shares';
  return isActive(holder) ? 'active' : 'absent';
}

/** The table after the election of an epoch. The validator before stays welcome for one epoch. */
export function elect(given: StakeTable, epoch: number): StakeTable {
  const table = withSomebodyActive(given);
  const earned = table.organisations.map((holder) =>
    isActive(holder) ? { ...holder, coinAge: holder.coinAge + holder.shares } : holder,
  );
  const cost = turnCost(table);
  const elected = nextOf({ ...table, epoch, organisations: earned });
  return {
    ...table,
    epoch,
    previous: table.validator,
    validator: elected?.mspId ?? '',
    organisations: earned.map((holder) =>
      holder === elected ? { ...holder, coinAge: holder.coinAge - cost } : holder,
    ),
  };
}

/**
 * The table when its validator may not serve on: the next one takes the rest of the epoch. The turn is paid for already, so
 * nobody pays again, and nobody earns.
 */
export function replaceValidator(table: StakeTable): StakeTable {
  const staffed = withSomebodyActive(table);
  return { ...staffed, validator: nextOf(staffed)?.mspId ?? '', previous: '' };
}

/** What one turn costs. */
export function turnCost({ organisations }: StakeTable): bigint {
  return organisations.filter(isActive).reduce((sum, { shares }) => sum + shares, 0n);
}

/** When nobody is active any more the absent are called back: else no transaction could be valid, their return included. */
function withSomebodyActive(table: StakeTable): StakeTable {
  return table.organisations.some(isActive)
    ? table
    : {
        ...table,
        organisations: table.organisations.map((holder) => ({ ...holder, absent: false })),
      };
}

function nextOf(table: StakeTable): StakeHolder | undefined {
  const { organisations, epoch } = table;
  const cost = turnCost(table);
  const active = organisations.filter(isActive);
  const earned = active.filter(({ coinAge }) => coinAge > 0n);
  // After bars and absences all the others may be in debt: then the least indebted of them serves.
  return (earned.length > 0 ? earned : active).reduce<StakeHolder | undefined>(
    (first, holder) =>
      first === undefined || isBefore(holder, first, cost, epoch) ? holder : first,
    undefined,
  );
}

/** Epochs until a whole turn is earned, compared without division; ties go by a hash that nobody chooses. */
function isBefore(left: StakeHolder, right: StakeHolder, cost: bigint, epoch: number): boolean {
  const difference = (cost - left.coinAge) * right.shares - (cost - right.coinAge) * left.shares;
  if (difference !== 0n) return difference < 0n;
  return lot(epoch, left.mspId) < lot(epoch, right.mspId);
}

function lot(epoch: number, mspId: string): string {
  return createHash('sha256').update(`${epoch}:${mspId}`).digest('hex');
}
