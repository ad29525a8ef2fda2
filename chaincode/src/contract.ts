/**
 * What all contracts share: transient data is refused, what writes is timely and waits for stake to decide, unknown transactions
 * get a code, answers are canonical.
 */
import { Contract, type Context } from 'fabric-contract-api';
import { sortKeys } from './canonical-json.ts';
import { assertTimely } from './clock.ts';
import { ContractError } from './errors.ts';
import { keys } from './keys.ts';
import { SUBMIT_TRANSACTIONS } from './stake/submit-transactions.ts';
import { readRecord } from './state.ts';

const STAKE = 'Stake:';

export abstract class LamplighterContract extends Contract {
  /**
   * Transient data is outside the proposal's hash: two endorsers given different data would sign different results for
   * one proposal, and an honest peer could be framed for it (design §5).
   */
  override async beforeTransaction(ctx: Context): Promise<void> {
    const entries = ctx.stub.getTransient().size;
    if (entries > 0) {
      throw new ContractError(
        'TRANSIENT_DATA_REFUSED',
        `expected no transient data, got ${entries}`,
      );
    }
    const { fcn } = ctx.stub.getFunctionAndParameters();
    if (!SUBMIT_TRANSACTIONS.has(fcn)) return;
    assertTimely(ctx);
    if (!fcn.startsWith(STAKE) && (await readRecord(ctx, keys.stakeFounded())) === null) {
      throw new ContractError(
        'STAKE_NOT_INITIALISED',
        'no stake table: call Stake:Initialise first',
      );
    }
  }

  /**
   * Answers leave as the bytes of canonical JSON. So they do not pass fabric-contract-api's serialiser for objects either:
   * with class-transformer 0.4.1, which its version range takes, that one fails (`classToPlain is not a function`).
   */
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- as the base class has it
  override async aroundTransaction(ctx: Context, fn: Function, args: unknown): Promise<void> {
    const running: Promise<unknown> = super.aroundTransaction(ctx, fn, args);
    const answer = await running;
    const text = typeof answer === 'object' ? JSON.stringify(sortKeys(answer)) : answer;
    return text as undefined;
  }

  override unknownTransaction(ctx: Context): Promise<void> {
    const { fcn } = ctx.stub.getFunctionAndParameters();
    return Promise.reject(
      new ContractError('TRANSACTION_UNKNOWN', `${this.getName()} has no transaction ${fcn}`),
    );
  }
}
