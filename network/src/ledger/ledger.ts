/**
 * What nodes see of the ledger: submit, evaluate, events, height. Hides Fabric. The one implementation that speaks to a
 * network is `connectLedger` (fabric-ledger.ts); design.md §3 names the transactions.
 */

import type { ProofSource } from './proofs.ts';

/** A transaction as people type it on the `peer` command line: `DeviceRegistry:AssignDevice`. */
export type TransactionName = `${string}:${string}`;

export interface SubmitOptions {
  /** Aborts the waiting; a transaction that was sent may still commit. */
  readonly signal?: AbortSignal;
}

export interface EvaluateOptions {
  /** MSP id whose peer must answer. @default any peer that answers, own organisation first */
  readonly organisation?: string;
  readonly signal?: AbortSignal;
}

/** A transaction that was found valid and committed, as peers of several organisations say. */
export interface Committed {
  /** Hex. */
  readonly transactionId: string;
  readonly blockNumber: number;
  /** What the contract returned. */
  readonly result: Uint8Array;
}

/** A transaction that is endorsed and signed, and not sent yet: it may be sent again and is committed once at most. */
export interface PreparedTransaction {
  /** Hex. */
  readonly transactionId: string;
  /** The signed `common.Envelope`, as orderers take it. */
  readonly envelope: Uint8Array;
}

/** What became of a transaction that was sent. */
export interface TransactionOutcome {
  /** Fabric's validation code, `VALID` when it is. */
  readonly code: string;
  readonly blockNumber: number;
}

/** An event that a contract set in a valid transaction. */
export interface LedgerEvent {
  readonly blockNumber: number;
  readonly transactionId: string;
  readonly name: string;
  readonly payload: Uint8Array;
}

export interface EventOptions {
  /**
   * First block to hear events of. A caller that stored `blockNumber` of the last event it dealt with starts there and
   * drops what it knows by `transactionId`. @default the next block to come
   */
  readonly startBlock?: number;
  /** Ends the iteration without an error. */
  readonly signal: AbortSignal;
}

export interface ChainInfo {
  /** Number of blocks. */
  readonly height: number;
  /** Hash of the newest block's header, hex. */
  readonly currentBlockHash: string;
}

export interface Ledger extends AsyncDisposable {
  /** Of the identity that submits. */
  readonly mspId: string;
  /** Peers' signatures under answers, for devices (protocol §7.3); a ledger without peers has none. */
  readonly proofs?: ProofSource;
  /**
   * Endorses at peers whose stake is enough (at all of them while there is no stake table), sends to every orderer and waits until
   * peers of several organisations, with enough stake where they can be reached, say that it is committed. Tries again, once, only
   * when it fell short of the endorsement policy.
   *
   * @throws LedgerError with the contract's code, a Fabric validation code, UNAVAILABLE, TIMEOUT, …
   */
  submit(
    transaction: TransactionName,
    args: readonly string[],
    options?: SubmitOptions,
  ): Promise<Committed>;
  /**
   * Endorses and signs, and sends nothing: a caller that stores the result before it calls {@link send} can settle any
   * later doubt by {@link status}.
   *
   * @throws LedgerError with the contract's code, UNAVAILABLE, TIMEOUT, …
   */
  prepare(
    transaction: TransactionName,
    args: readonly string[],
    options?: SubmitOptions,
  ): Promise<PreparedTransaction & { readonly result: Uint8Array }>;
  /**
   * Sends to every orderer and waits for the commit as {@link submit} does. Sending the same transaction again is harmless: the
   * later copy is found invalid with `DUPLICATE_TXID`, and {@link status} tells what became of the first.
   *
   * @throws LedgerError UNAVAILABLE, TIMEOUT, ORDERER_REFUSED; with `maybeOrdered` it may yet commit
   */
  send(prepared: PreparedTransaction, options?: SubmitOptions): Promise<TransactionOutcome>;
  /**
   * Fabric's validation code of a transaction that stands in a block, undefined when the peer asked has none with that
   * id (yet). @throws LedgerError UNAVAILABLE, TIMEOUT
   */
  status(transactionId: string, options?: EvaluateOptions): Promise<string | undefined>;
  /** Asks one peer. @throws LedgerError */
  evaluate(
    transaction: TransactionName,
    args: readonly string[],
    options?: EvaluateOptions,
  ): Promise<Uint8Array>;
  /**
   * Chaincode events in order, each once, through reconnections. Bounded: a reader that falls behind slows the reading
   * of blocks. @throws LedgerError
   */
  events(options: EventOptions): AsyncIterable<LedgerEvent>;
  /** Height and hash at a peer (`qscc`). @throws LedgerError */
  chain(options?: EvaluateOptions): Promise<ChainInfo>;
  close(): Promise<void>;
}
