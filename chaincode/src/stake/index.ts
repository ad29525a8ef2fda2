/** The rule of stake as pure code: what peers, clients and the contract share. */
export {
  decodeStakeTable,
  encodeStakeTable,
  STAKE_PREFIX,
  STAKE_TABLE_KEY,
  type StakeHolder,
  type StakeTable,
} from './table.ts';
export {
  counts,
  judgeByStake,
  passesThreshold,
  STAKE_ONLY,
  type EndorsedTransaction,
  type StakeVerdict,
} from './rule.ts';
export { isActive } from './election.ts';
