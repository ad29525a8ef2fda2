/**
 * The endorser's clock, looked at for one thing: a transaction whose time is far from it is refused. A refusal is not signed, so
 * two endorsers that disagree about it have said nothing different (design §5, "Time").
 */
import type { Context } from 'fabric-contract-api';
import { ContractError } from './errors.ts';
import { transactionSeconds } from './state.ts';

const TOLERANCE_SECONDS = 300;
const MILLISECONDS = 1000;

/** Milliseconds since 1970; tests set it. */
export const clock = { now: (): number => Date.now() };

/** The client writes a transaction's time. @throws ContractError TIME_REFUSED */
export function assertTimely(ctx: Context): void {
  const difference = transactionSeconds(ctx) - clock.now() / MILLISECONDS;
  if (Math.abs(difference) > TOLERANCE_SECONDS) {
    throw new ContractError(
      'TIME_REFUSED',
      `expected a time within ${TOLERANCE_SECONDS} s of the endorser's clock, got ${Math.round(difference)} s from it`,
    );
  }
}
