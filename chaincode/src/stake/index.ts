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
  decide,
  judgeByStake,
  STAKE_ONLY,
  voicesOf,
  type EndorsedTransaction,
  type StakeVerdict,
} from './rule.ts';
export { coalitions, heaviestFirst, smallestSets } from './coalitions.ts';
export { isActive, standingOf } from './election.ts';
export {
  weighEvidence,
  type Court,
  type Evidence,
  type Finding,
  type MisconductKind,
} from './evidence.ts';
export { readSignedResponse, type ResponseBytes, type SignedResponse } from './signed-response.ts';
export type { MisconductReport } from './records.ts';
