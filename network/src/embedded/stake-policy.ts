/**
 * Who has to endorse where stake decides (design §5): the rule of the chaincode package as an endorsement policy. A peer's
 * endorsement counts for its organisation; those of other members count for nothing.
 */
import {
  decodeStakeTable,
  heaviestFirst,
  judgeByStake,
  smallestSets,
  STAKE_ONLY,
  type StakeVerdict,
} from '@lamplighter/chaincode/stake';

import { minimal, type OrganisationSet } from './discovery/organisation-sets.ts';
import type {
  EndorsedWrites,
  EndorsementPolicy,
  EndorsementVerdict,
  Endorser,
} from './endorsement-policy.ts';

/** What the rule knows of a channel at one height. */
export interface StakeState {
  /** The stake table in the chaincode's namespace; null for nothing. */
  readonly table: Uint8Array | null;
  /** All organisations of the channel. */
  readonly mspIds: readonly string[];
}

const REASONS: Readonly<Record<Exclude<StakeVerdict, 'VALID'>, string>> = {
  NO_MAJORITY: 'there is no stake table, and they are no majority of the organisations',
  STAKE_TOO_SMALL: 'their shares do not pass the threshold',
  ONE_ORGANISATION: 'one organisation alone never decides',
  VALIDATOR_MISSING: 'the validator is not among them',
};
/** A transaction like most: one that needs the validator. */
const ORDINARY: EndorsedWrites = { transaction: '', keys: [], elsewhere: false };
/** One that does not. */
const STAKE_ALONE: EndorsedWrites = { ...ORDINARY, transaction: STAKE_ONLY[0] ?? '' };

function judge(
  state: StakeState,
  endorsers: readonly string[],
  writes: EndorsedWrites,
): StakeVerdict {
  return judgeByStake({
    table: state.table,
    channel: state.mspIds,
    transaction: writes.transaction,
    writes: writes.keys,
    writesElsewhere: writes.elsewhere,
    endorsers,
  });
}

function evaluate(
  state: StakeState,
  endorsers: readonly Endorser[],
  writes: EndorsedWrites,
): EndorsementVerdict {
  const peers = endorsers.filter(({ role }) => role === 'peer').map(({ mspId }) => mspId);
  const verdict = judge(state, peers, writes);
  return verdict === 'VALID'
    ? { valid: true }
    : {
        valid: false,
        reason: `${verdict}: endorsed by ${peers.join(', ') || 'nobody'}; ${REASONS[verdict]}`,
      };
}

export function stakePolicy(state: StakeState): EndorsementPolicy {
  return {
    alwaysAsked: true,
    evaluate: (endorsers, writes) => evaluate(state, endorsers, writes()),
    // Else a majority of small organisations could put another contract in its place, and with it another table.
    replacement: { evaluate: (endorsers) => evaluate(state, endorsers, STAKE_ALONE) },
  };
}

/**
 * The smallest sets of organisations that can endorse an ordinary transaction together, `most` of them at most; those of the
 * validator and of the largest holders first.
 */
export function stakeSets(state: StakeState, most: number): readonly OrganisationSet[] {
  const decides = (chosen: readonly string[]): boolean =>
    judge(state, chosen, ORDINARY) === 'VALID';
  const found: (readonly string[])[] = [];
  const grow = (first: readonly string[], others: readonly string[]): void => {
    found.push(...smallestSets(first, others, decides, most - found.length));
  };
  const table = state.table && decodeStakeTable(state.table);
  if (table === null) {
    grow([], state.mspIds);
  } else {
    const { validator, previous } = table;
    const holders = heaviestFirst(table, new Set(state.mspIds));
    const without = (...names: readonly string[]): readonly string[] =>
      holders.filter((mspId) => !names.includes(mspId));
    grow([validator], without(validator));
    if (previous !== validator) grow([previous], without(validator, previous));
  }
  // A set with both validators may be one too many for the other.
  return minimal(found.map((set) => new Map(set.map((mspId) => [mspId, 1]))));
}
