/**
 * How often a device is looked at, when no operator says otherwise: paper 4.2 supplements weak devices by a shorter renewal
 * cycle. The defaults of docs/protocol.md §8 are for a device of full strength.
 */
import { FTI_DEFAULT, RTI_DEFAULT, UTI_DEFAULT } from './limits.ts';
import type { Intervals } from './message-types.ts';
import { effectiveStrength, suiteFacts, suiteStrength } from './suite-table.ts';

/** Bits from which on the cycle is the whole one, and the half of it. */
const FULL_BITS = 112;
const HALF_BITS = 80;

/** What an assignment says of a device's strength. */
export interface AssignedStrength {
  readonly suite: number;
  /** 0 end node, 1 lightweight. */
  readonly class: 0 | 1;
  /** How the manager proves itself (§3.3). */
  readonly mauth: 1 | 2 | 3;
}

/**
 * FTI, RTI and UTI in seconds: the defaults from 112 bits on, half of them from 80 bits on, else a quarter, and an eighth for a
 * legacy suite, or one that is not in the table.
 */
export function intervalsByStrength(assigned: AssignedStrength): Intervals {
  const part = partOf(assigned);
  return { fti: FTI_DEFAULT / part, rti: RTI_DEFAULT / part, uti: UTI_DEFAULT / part };
}

function partOf({ suite, class: deviceClass, mauth }: AssignedStrength): number {
  const facts = suiteFacts(suite);
  if (facts === undefined || facts.legacy) return 8;
  const bits = effectiveStrength(suiteStrength(facts, deviceClass, mauth));
  if (bits >= FULL_BITS) return 1;
  return bits >= HALF_BITS ? 2 : 4;
}
