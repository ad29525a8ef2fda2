/** A {@link Ledger} in memory over the real contracts, for tests of nodes without a network. */
import type { Ledger, TransactionName } from '../../network/src/ledger/index.ts';
import { contractCodeOf, LedgerError } from '../../network/src/ledger/index.ts';
import type { Identity } from '../chaincode/identities.ts';
import { Refusal, type CallOptions, type MemoryLedger } from '../chaincode/memory-ledger.ts';

export interface ContractLedger extends Ledger {
  /** Names of the transactions submitted, in order. */
  readonly submitted: readonly TransactionName[];
  /** Errors that the next submits fail with, in order, before they reach the contracts. */
  readonly failures: LedgerError[];
}

export interface ContractLedgerOptions {
  /** Time of transactions, seconds since 1970. @default one second a transaction */
  readonly time?: () => number;
}

/** Listeners of each ledger, who are woken by a transaction. */
const listeners = new WeakMap<MemoryLedger, Set<() => void>>();

/** The ledger as one identity sees it; several may share one `memory`. */
export function contractLedger(
  memory: MemoryLedger,
  identity: Identity,
  options: ContractLedgerOptions = {},
): ContractLedger {
  const submitted: TransactionName[] = [];
  const failures: LedgerError[] = [];
  const waiting = listeners.get(memory) ?? new Set();
  listeners.set(memory, waiting);
  const timed = (): CallOptions => (options.time === undefined ? {} : { time: options.time() });
  let height = 1;
  const prepared = new Map<string, readonly [TransactionName, readonly string[]]>();
  const codes = new Map<string, string>();
  const commit = async (
    transaction: TransactionName,
    args: readonly string[],
  ): Promise<{ readonly blockNumber: number; readonly result: Uint8Array }> => {
    const { payload } = await coded(memory.submit(identity, transaction, args, timed()));
    height += 1;
    for (const wake of waiting) wake();
    return { blockNumber: height, result: Buffer.from(payload) };
  };
  return {
    mspId: identity.mspId,
    submitted,
    failures,
    async submit(transaction, args, { signal } = {}) {
      signal?.throwIfAborted();
      submitted.push(transaction);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const committed = await commit(transaction, args);
      return { transactionId: `tx-${height}`, ...committed };
    },
    async prepare(transaction, args) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const execution = await memory.execute(identity, [transaction, ...args], timed());
      if (execution.status !== 200) await coded(Promise.reject(new Refusal(execution.message)));
      const transactionId = `prepared-${prepared.size + 1}`;
      prepared.set(transactionId, [transaction, args]);
      const envelope = Buffer.from(transactionId);
      return { transactionId, envelope, result: Buffer.from(execution.payload) };
    },
    async send({ transactionId }) {
      const [transaction, args] = prepared.get(transactionId) ?? never(transactionId);
      if (codes.has(transactionId)) return { code: 'DUPLICATE_TXID', blockNumber: height };
      submitted.push(transaction);
      // Something else was committed since it was endorsed, when the contract refuses now.
      const committed = await commit(transaction, args).catch(() => null);
      const code = committed === null ? 'MVCC_READ_CONFLICT' : 'VALID';
      codes.set(transactionId, code);
      return { code, blockNumber: height };
    },
    status: (transactionId) => Promise.resolve(codes.get(transactionId)),
    async evaluate(transaction, args) {
      const answer = await coded(memory.evaluate(identity, transaction, args, timed()));
      return Buffer.from(JSON.stringify(answer));
    },
    // One event a block, in blocks of their own; the block number is the event's position.
    async *events({ startBlock, signal }) {
      for (let next = startBlock ?? memory.events.length; !signal.aborted;) {
        const event = memory.events[next];
        if (event === undefined) {
          await woken(waiting, signal);
          continue;
        }
        const payload = Buffer.from(JSON.stringify(event.payload));
        yield { blockNumber: next, transactionId: `event-${next}`, name: event.name, payload };
        next += 1;
      }
    },
    chain: () => Promise.resolve({ height: memory.events.length, currentBlockHash: '00' }),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function woken(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener('abort', wake);
  });
}

function never(transactionId: string): never {
  throw new RangeError(`no transaction ${transactionId} was prepared here`);
}

async function coded<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new LedgerError(contractCodeOf(error.message) ?? 'CONTRACT_FAILED', error.message);
  }
}
