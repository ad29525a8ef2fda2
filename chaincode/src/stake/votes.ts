/** Votes of organisations, weighed by their shares: nothing that they decide is decided by fewer than the threshold. */
import type { Context } from 'fabric-contract-api';
import { ContractError } from '../errors.ts';
import { keys } from '../keys.ts';
import { readRecord, transactionTime, writeRecord } from '../state.ts';
import type { StakeMotion, StakeVote, StakeVotesRecord } from './records.ts';
import { counts, decide, voicesOf } from './rule.ts';
import { holderOf } from './shares.ts';
import type { StakeTable } from './table.ts';

export interface Motion {
  readonly motion: StakeMotion;
  readonly subject: string;
  readonly round: string;
}

/**
 * Adds a vote, and says whether the motion is carried by it.
 *
 * @throws ContractError VOTE_EXISTS; STAKE_HOLDER_NOT_FOUND or STAKE_BARRED for one that has no voice
 */
export async function castVote(
  ctx: Context,
  table: StakeTable,
  { motion, subject, round }: Motion,
  vote: StakeVote,
): Promise<boolean> {
  if (!counts(holderOf(table, vote.mspId))) {
    throw new ContractError('STAKE_BARRED', `${vote.mspId} has no shares to vote with`);
  }
  const key = keys.stakeVotes(motion, subject);
  const votes = [...(await votesOf(ctx, key, round)), vote];
  const voters = new Set(votes.map(({ mspId }) => mspId));
  if (voters.size < votes.length) {
    throw new ContractError('VOTE_EXISTS', `${vote.mspId} has voted on this`);
  }
  const carried = decide(table, voicesOf(table, voters));
  const record: StakeVotesRecord = {
    docType: 'stakeVotes',
    schema: 1,
    motion,
    subject,
    round,
    votes,
    carried,
    time: transactionTime(ctx),
  };
  await writeRecord(ctx, key, record);
  return carried;
}

async function votesOf(ctx: Context, key: string, round: string): Promise<readonly StakeVote[]> {
  const record = await readRecord<StakeVotesRecord>(ctx, key);
  return record !== null && record.round === round && !record.carried ? record.votes : [];
}
