/** New FTI, RTI and UTI for each round (monitoring, step 7; bounds of protocol §1, defaults of §8). */
import {
  intervalsByStrength,
  limits,
  type AssignedStrength,
  type Intervals,
} from '@lamplighter/sdk/wire';
import { wholeNumber, type RandomSource } from './random.ts';

/** How a node chooses intervals. */
export interface IntervalPolicy {
  /** Seconds. @default by the device's strength: {@link intervalsByStrength} */
  readonly base?: Intervals;
  /** Called for every round. @default {@link drawIntervals} */
  readonly draw?: (base: Intervals, random: RandomSource) => Intervals;
}

/** Each between its base and a quarter above, so that nobody can foretell the next window. */
export function drawIntervals(base: Intervals, random: RandomSource): Intervals {
  const draw = (value: number): number => wholeNumber(random, value, Math.floor(value * 1.25));
  return { fti: draw(base.fti), rti: draw(base.rti), uti: draw(base.uti) };
}

/** The intervals of the next round, within the bounds of mon-set. */
export function nextIntervals(
  policy: IntervalPolicy,
  assigned: AssignedStrength,
  random: RandomSource,
): Intervals {
  const base = policy.base ?? intervalsByStrength(assigned);
  const { fti, rti, uti } = (policy.draw ?? drawIntervals)(base, random);
  return {
    fti: within(fti, limits.FTI_LEAST, limits.FTI_MOST),
    rti: within(rti, limits.RTI_LEAST, limits.RTI_MOST),
    uti: within(uti, limits.UTI_LEAST, limits.UTI_MOST),
  };
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}
