/** What moves shares and standing in the table (design §5, "Shares"): each function makes the next table or refuses. */
import { ContractError } from '../errors.ts';
import { replaceValidator } from './election.ts';
import {
  MAXIMUM_ORGANISATIONS,
  MAXIMUM_SHARES,
  type Fraction,
  type StakeHolder,
  type StakeTable,
} from './table.ts';

/** How stake starts. */
export interface Founding {
  readonly epochSeconds: number;
  readonly threshold: Fraction;
  readonly cap: Fraction;
  /** Shares by MSP id. */
  readonly shares: ReadonlyMap<string, bigint>;
}

/** An organisation that has never held a share. */
function newHolder(mspId: string): StakeHolder {
  return { mspId, shares: 0n, coinAge: 0n, barred: false, absent: false, skips: 0 };
}

/** @throws ContractError ARGUMENT_INVALID, STAKE_CAP_REACHED */
export function foundTable({ epochSeconds, threshold, cap, shares }: Founding): StakeTable {
  const issued = [...shares.values()].reduce((sum, amount) => sum + amount, 0n);
  if (issued > MAXIMUM_SHARES) {
    throw new ContractError(
      'ARGUMENT_INVALID',
      `shares: expected at most ${MAXIMUM_SHARES} in all`,
    );
  }
  const organisations = [...shares]
    .map(([mspId, amount]) => ({ ...newHolder(mspId), shares: amount }))
    .sort((left, right) => (left.mspId < right.mspId ? -1 : 1));
  const table: StakeTable = {
    issued,
    threshold,
    cap,
    epochSeconds,
    epoch: 0,
    validator: '',
    previous: '',
    organisations,
  };
  organisations.forEach(({ mspId }) => {
    assertBelowCap(table, mspId);
  });
  return replaceValidator(table);
}

/** @throws ContractError STAKE_HOLDER_NOT_FOUND */
export function holderOf({ organisations }: StakeTable, mspId: string): StakeHolder {
  const holder = organisations.find((one) => one.mspId === mspId);
  if (holder) return holder;
  throw new ContractError('STAKE_HOLDER_NOT_FOUND', `${mspId} holds no stake`);
}

/** Shares that were burned and not issued again. */
export function burnedShares({ issued, organisations }: StakeTable): bigint {
  return organisations.reduce((rest, { shares }) => rest - shares, issued);
}

/**
 * A sale. @throws ContractError STAKE_HOLDER_NOT_FOUND, STAKE_BARRED for either side, STAKE_SHARES_MISSING, STAKE_CAP_REACHED
 */
export function transferShares(
  table: StakeTable,
  sale: { readonly seller: string; readonly buyer: string; readonly shares: bigint },
): StakeTable {
  const seller = holderOf(table, sale.seller);
  if (seller.shares < sale.shares) {
    throw new ContractError(
      'STAKE_SHARES_MISSING',
      `${sale.seller} holds ${seller.shares} shares, ${sale.shares} are for sale`,
    );
  }
  const sold = withHolder(table, { ...seller, shares: seller.shares - sale.shares });
  const bought = addShares(sold, sale.buyer, sale.shares);
  [sale.seller, sale.buyer].forEach((mspId) => {
    assertNotBarred(bought, mspId);
  });
  assertBelowCap(bought, sale.buyer);
  return bought;
}

/**
 * Burned shares come back into the hands that a stake majority names; the sum of all issued ones stays.
 *
 * @throws ContractError STAKE_SHARES_MISSING, STAKE_BARRED, STAKE_CAP_REACHED
 */
export function reissueShares(
  table: StakeTable,
  allocation: ReadonlyMap<string, bigint>,
): StakeTable {
  const wanted = [...allocation.values()].reduce((sum, amount) => sum + amount, 0n);
  if (wanted > burnedShares(table)) {
    throw new ContractError(
      'STAKE_SHARES_MISSING',
      `${burnedShares(table)} shares are burned, ${wanted} are to be issued`,
    );
  }
  const issued = [...allocation].reduce(
    (next, [mspId, amount]) => addShares(next, mspId, amount),
    table,
  );
  for (const mspId of allocation.keys()) {
    assertNotBarred(issued, mspId);
    assertBelowCap(issued, mspId);
  }
  return issued;
}

/** Takes an organisation's voice; its shares stay. */
export function bar(table: StakeTable, mspId: string): StakeTable {
  return dismissed(withHolder(table, { ...holderOf(table, mspId), barred: true }), mspId);
}

/** Takes an organisation's shares and voice. The shares stay among the issued ones, so nobody's part grows. */
export function burn(table: StakeTable, mspId: string): StakeTable {
  const burned = { ...holderOf(table, mspId), shares: 0n, coinAge: 0n, barred: true };
  return dismissed(withHolder(table, burned), mspId);
}

/** @throws ContractError STAKE_NOT_BARRED */
export function liftBar(table: StakeTable, mspId: string): StakeTable {
  const holder = holderOf(table, mspId);
  if (!holder.barred) throw new ContractError('STAKE_NOT_BARRED', `${mspId} is not barred`);
  return withHolder(table, { ...holder, barred: false });
}

/** The validator is passed over until it returns. */
export function skipValidator(table: StakeTable): StakeTable {
  const holder = holderOf(table, table.validator);
  return dismissed(
    withHolder(table, { ...holder, absent: true, skips: holder.skips + 1 }),
    holder.mspId,
  );
}

/** @throws ContractError NOT_ABSENT */
export function comeBack(table: StakeTable, mspId: string): StakeTable {
  const holder = holderOf(table, mspId);
  if (!holder.absent) throw new ContractError('NOT_ABSENT', `${mspId} was not skipped`);
  return withHolder(table, { ...holder, absent: false });
}

function addShares(table: StakeTable, mspId: string, amount: bigint): StakeTable {
  const holder = table.organisations.find((one) => one.mspId === mspId) ?? newHolder(mspId);
  return withHolder(table, { ...holder, shares: holder.shares + amount });
}

function withHolder(table: StakeTable, holder: StakeHolder): StakeTable {
  const organisations = [
    ...table.organisations.filter(({ mspId }) => mspId !== holder.mspId),
    holder,
  ].sort((left, right) => (left.mspId < right.mspId ? -1 : 1));
  if (organisations.length > MAXIMUM_ORGANISATIONS) {
    throw new ContractError(
      'ARGUMENT_INVALID',
      `expected at most ${MAXIMUM_ORGANISATIONS} organisations with stake`,
    );
  }
  return { ...table, organisations };
}

/** No transaction may wait for one that has no voice or does not answer. */
function dismissed(table: StakeTable, mspId: string): StakeTable {
  const previous = table.previous === mspId ? '' : table.previous;
  return table.validator === mspId ? replaceValidator(table) : { ...table, previous };
}

function assertBelowCap(table: StakeTable, mspId: string): void {
  const { shares } = holderOf(table, mspId);
  const { num, den } = table.cap;
  if (shares * den >= num * table.issued) {
    throw new ContractError(
      'STAKE_CAP_REACHED',
      `${mspId} would hold ${shares} of ${table.issued} shares; it must stay below ${num}/${den}`,
    );
  }
}

function assertNotBarred(table: StakeTable, mspId: string): void {
  if (holderOf(table, mspId).barred) {
    throw new ContractError('STAKE_BARRED', `${mspId} is barred`);
  }
}
