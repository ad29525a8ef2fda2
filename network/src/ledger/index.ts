/** The nodes' ledger client. */
export { Contracts, type PageOptions } from './contracts.ts';
export { connectLedger } from './connect-ledger.ts';
export type { ConnectedLedger, LedgerIdentity, LedgerSettings } from './connected-ledger.ts';
export { contractCodeOf, LedgerError, type LedgerClientCode } from './ledger-error.ts';
export type { AskOptions, ProofSource } from './proofs.ts';
export { type StakeContract } from './stake-contract.ts';
export { readStakeStatus, type StakeStatus } from './stake-status.ts';
export type { LedgerNotice } from './stake/stake-client.ts';
export type {
  ChainInfo,
  Committed,
  EvaluateOptions,
  EventOptions,
  Ledger,
  LedgerEvent,
  PreparedTransaction,
  SubmitOptions,
  TransactionName,
  TransactionOutcome,
} from './ledger.ts';
