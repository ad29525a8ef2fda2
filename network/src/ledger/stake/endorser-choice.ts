/**
 * Which organisations to ask for endorsements (design §5): the validator, then others drawn by coin age, the least that pass the
 * threshold, and one spare. Who has earned most is asked most, so the work is spread as the turns are. Pure.
 */
import { decide, type StakeHolder, type StakeTable, voicesOf } from '@lamplighter/chaincode/stake';

export interface EndorserChoice {
  /** MSP ids: together they pass, if those that can be asked pass at all, and none of them could be left out. */
  readonly required: readonly string[];
  /** One more, so that one that fails costs no time; undefined when there is nobody left. */
  readonly spare: string | undefined;
}

export interface Candidates {
  /** MSP ids of those that can be asked now. */
  readonly available: ReadonlySet<string>;
  /** False for transactions that the rule lets pass without the validator. */
  readonly validatorNeeded: boolean;
  /** From 0 to below 1, uniform. */
  readonly draw: () => number;
}

export function chooseEndorsers(table: StakeTable, candidates: Candidates): EndorserChoice {
  const holders = voicesOf(table, candidates.available);
  const seat = candidates.validatorNeeded ? seatOf(table, holders) : undefined;
  const others = drawn(
    holders.filter((holder) => holder !== seat),
    candidates.draw,
  );
  const order = seat === undefined ? others : [seat, ...others];
  const required = withoutNeedless(table, firstThatPass(table, order), seat);
  const spare = order.find((holder) => !required.includes(holder));
  return { required: required.map(({ mspId }) => mspId), spare: spare?.mspId };
}

/** The validator, or the one before it, which serves too. */
function seatOf(
  { validator, previous }: StakeTable,
  holders: readonly StakeHolder[],
): StakeHolder | undefined {
  return (
    holders.find(({ mspId }) => mspId === validator) ??
    holders.find(({ mspId }) => mspId === previous)
  );
}

/** All of them, when they do not pass together. */
function firstThatPass(table: StakeTable, order: readonly StakeHolder[]): readonly StakeHolder[] {
  for (let length = 2; length < order.length; length++) {
    const first = order.slice(0, length);
    if (decide(table, first)) return first;
  }
  return order;
}

function withoutNeedless(
  table: StakeTable,
  chosen: readonly StakeHolder[],
  seat: StakeHolder | undefined,
): readonly StakeHolder[] {
  let kept = chosen;
  // The last drawn first.
  for (const holder of [...chosen].reverse()) {
    const rest = kept.filter((one) => one !== holder);
    if (holder !== seat && decide(table, rest)) kept = rest;
  }
  return kept;
}

/** A random order in which nobody's place depends on the others' (Efraimidis and Spirakis, 2006). */
function drawn(holders: readonly StakeHolder[], draw: () => number): readonly StakeHolder[] {
  return holders
    .map((holder) => ({ holder, place: -Math.log(1 - draw()) / weightOf(holder) }))
    .sort((left, right) => left.place - right.place)
    .map(({ holder }) => holder);
}

/** Shares keep those in debt from never being asked. */
function weightOf({ shares, coinAge }: StakeHolder): number {
  return Number(shares + (coinAge > 0n ? coinAge : 0n));
}
