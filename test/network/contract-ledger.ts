/** A {@link Ledger} in memory over the real contracts, for tests of nodes without a network. */
import type { Ledger, TransactionName } from '../../network/src/ledger/index.ts';
import { contractCodeOf, LedgerError } from '../../network/src/ledger/index.ts';
import type { Identity } from '../chaincode/identities.ts';
import { Refusal, type MemoryLedger } from '../chaincode/memory-ledger.ts';

export interface ContractLedger extends Ledger {
  /** Names of the transactions submitted, in order. */
  readonly submitted: readonly TransactionName[];
  /** Errors that the next submits fail with, in order, before they reach the contracts. */
  readonly failures: LedgerError[];
}

/** The ledger as one identity sees it; several may share one `memory`. */
export function contractLedger(memory: MemoryLedger, identity: Identity): ContractLedger {
  const submitted: TransactionName[] = [];
  const failures: LedgerError[] = [];
  let height = 1;
  return {
    mspId: identity.mspId,
    submitted,
    failures,
    async submit(transaction, args, options) {
      options?.signal?.throwIfAborted();
      submitted.push(transaction);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const { payload } = await coded(memory.submit(identity, transaction, args));
      height += 1;
      return { transactionId: `tx-${height}`, blockNumber: height, result: Buffer.from(payload) };
    },
    async evaluate(transaction, args) {
      return Buffer.from(JSON.stringify(await coded(memory.evaluate(identity, transaction, args))));
    },
    async *events() {
      // No node under test listens.
    },
    chain: () => Promise.resolve({ height, currentBlockHash: '00' }),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function coded<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new LedgerError(contractCodeOf(error.message) ?? 'CONTRACT_FAILED', error.message);
  }
}
