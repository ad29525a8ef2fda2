/** The records of the contract Stake in the world state. */
import type { Context } from 'fabric-contract-api';
import { ContractError } from '../errors.ts';
import { keys } from '../keys.ts';
import { requireRecord } from '../state.ts';
import { checkCaseId, checkOfferId } from './arguments.ts';
import type { StakeCaseRecord, StakeOfferRecord } from './records.ts';
import { decodeStakeTable, encodeStakeTable, STAKE_TABLE_KEY, type StakeTable } from './table.ts';
import { moveValidators } from './validators.ts';

/** @returns null when there is none, or none that parses. */
export async function readTable(ctx: Context): Promise<StakeTable | null> {
  return decodeStakeTable(await ctx.stub.getState(STAKE_TABLE_KEY));
}

/** @throws ContractError STAKE_NOT_INITIALISED */
export async function requireTable(ctx: Context): Promise<StakeTable> {
  const table = await readTable(ctx);
  if (table !== null) return table;
  throw new ContractError('STAKE_NOT_INITIALISED', 'no stake table: call Stake:Initialise first');
}

/** For a table in which nobody's shares or voice is another: the validator set stays as it is. */
export async function writeTable(ctx: Context, table: StakeTable): Promise<void> {
  await ctx.stub.putState(STAKE_TABLE_KEY, encodeStakeTable(table));
}

/** For a table in which shares or voices are others. */
export async function changeTable(ctx: Context, table: StakeTable): Promise<void> {
  await writeTable(ctx, table);
  await moveValidators(ctx, table);
}

/** @throws ContractError OFFER_NOT_FOUND */
export function readOffer(ctx: Context, id: string): Promise<StakeOfferRecord> {
  return requireRecord(ctx, keys.stakeOffer(checkOfferId(id)), 'OFFER_NOT_FOUND');
}

/** @throws ContractError OFFER_NOT_FOUND, OFFER_CLOSED */
export async function readOpenOffer(ctx: Context, id: string): Promise<StakeOfferRecord> {
  const offer = await readOffer(ctx, id);
  if (offer.state === 'open') return offer;
  throw new ContractError('OFFER_CLOSED', `offer ${id} is ${offer.state}`);
}

/** @throws ContractError CASE_NOT_FOUND */
export function readCase(ctx: Context, id: string): Promise<StakeCaseRecord> {
  return requireRecord(ctx, keys.stakeCase(checkCaseId(id)), 'CASE_NOT_FOUND');
}
