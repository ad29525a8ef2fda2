/**
 * Who has to endorse: the paper's proof of stake as an endorsement policy (design §5, "The rule"; paper 3.5). One pure function;
 * network/plugin/stake holds it in Go, and test/vectors/stake-policy.json holds both to the same verdicts.
 */
import { decodeStakeTable, STAKE_PREFIX, type StakeHolder, type StakeTable } from './table.ts';

/** Transactions that may leave the validator out: what elects, skips or accuses it must not need it. */
export const STAKE_ONLY: readonly string[] = [
  'Stake:ElectValidator',
  'Stake:SkipValidator',
  'Stake:ReportMisconduct',
];

export interface EndorsedTransaction {
  /** What stands under the table's key as of the previous block; null for nothing. */
  readonly table: Uint8Array | null;
  /** MSP ids of all organisations of the channel: whose majority decides while there is no table. */
  readonly channel: readonly string[];
  /** The first argument of the proposal, such as `StatusLog:ReportStatuses`. */
  readonly transaction: string;
  /** All keys that it writes in the chaincode's namespace, metadata writes included. */
  readonly writes: readonly string[];
  /** Whether it writes in other namespaces besides. */
  readonly writesElsewhere: boolean;
  /** MSP ids of the peers whose endorsements are valid; one organisation may be there more than once. */
  readonly endorsers: readonly string[];
}

export type StakeVerdict =
  | 'VALID'
  /** No table, and not more than half of the channel's organisations. */
  | 'NO_MAJORITY'
  /** The shares of the endorsing organisations do not pass the threshold. */
  | 'STAKE_TOO_SMALL'
  /** One organisation alone never decides. */
  | 'ONE_ORGANISATION'
  | 'VALIDATOR_MISSING';

/** Judges a transaction by the organisations that endorsed it. Never throws: what lies in the data is never an error. */
export function judgeByStake(transaction: EndorsedTransaction): StakeVerdict {
  const table = transaction.table === null ? null : decodeStakeTable(transaction.table);
  const endorsers = new Set(transaction.endorsers);
  if (table === null) return judgeByMajority(transaction.channel, endorsers);
  const voices = voicesOf(table, endorsers);
  if (!passesThreshold(table, voices)) return 'STAKE_TOO_SMALL';
  if (voices.length < 2) return 'ONE_ORGANISATION';
  return isStakeOnly(transaction) || hasValidator(table, voices) ? 'VALID' : 'VALIDATOR_MISSING';
}

/** Whether an organisation's endorsement has any weight. */
export function counts({ shares, barred }: StakeHolder): boolean {
  return shares > 0n && !barred;
}

/** Those of the named organisations whose endorsement has any weight. @param mspIds MSP ids */
export function voicesOf(
  { organisations }: StakeTable,
  mspIds: ReadonlySet<string>,
): readonly StakeHolder[] {
  return organisations.filter((holder) => counts(holder) && mspIds.has(holder.mspId));
}

/** Whether these voices decide, whoever is the validator: two at least, with more than the threshold. */
export function decide(table: StakeTable, voices: readonly StakeHolder[]): boolean {
  return voices.length > 1 && passesThreshold(table, voices);
}

/** Whether these organisations hold more than the threshold's part of the issued shares. */
function passesThreshold(
  { issued, threshold: { num, den } }: StakeTable,
  holders: readonly StakeHolder[],
): boolean {
  const shares = holders.reduce((sum, holder) => sum + holder.shares, 0n);
  return shares * den > num * issued;
}

function judgeByMajority(channel: readonly string[], endorsers: ReadonlySet<string>): StakeVerdict {
  const members = new Set(channel);
  const endorsing = [...members].filter((mspId) => endorsers.has(mspId)).length;
  return endorsing * 2 > members.size ? 'VALID' : 'NO_MAJORITY';
}

/** The name alone is the client's word: all writes must be the contract's own too. */
function isStakeOnly({ transaction, writes, writesElsewhere }: EndorsedTransaction): boolean {
  return (
    STAKE_ONLY.includes(transaction) &&
    !writesElsewhere &&
    writes.every((key) => key.startsWith(STAKE_PREFIX))
  );
}

/** The previous epoch's validator serves too: what it endorsed may be on its way when the next is elected. */
function hasValidator(
  { validator, previous }: StakeTable,
  holders: readonly StakeHolder[],
): boolean {
  return holders.some(({ mspId }) => mspId === validator || mspId === previous);
}
