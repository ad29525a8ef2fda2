/** What can be watched of a network while it works. Called on its busiest ways: an observer does little and never throws. */

/** How a proposal ended: endorsed, refused by the contract, not run to its end, or not let in. */
export type ProposalOutcome =
  | 'endorsed'
  | 'chaincode-error'
  | 'simulation-failed'
  | 'access-denied'
  | 'duplicate'
  | 'malformed'
  | 'busy';

export interface ProposalFacts {
  /** Full name of the peer. */
  readonly node: string;
  /** undefined unless a chaincode of that name was there to run. */
  readonly chaincode: string | undefined;
  readonly outcome: ProposalOutcome;
  readonly seconds: number;
}

/** A transaction of a block. */
export interface TransactionFacts {
  /** common.HeaderType's name. */
  readonly type: string;
  /** undefined unless it is valid: the name in an invalid one is whatever its sender wrote. */
  readonly chaincode: string | undefined;
  /** Name of Fabric's validation code. */
  readonly code: string;
}

export interface CommitFacts {
  /** Full name of the peer. */
  readonly node: string;
  readonly transactions: readonly TransactionFacts[];
  /** Of validation and commit together. */
  readonly seconds: number;
  /** Of the commit alone. */
  readonly commitSeconds: number;
}

export interface EnvelopeFacts {
  /** Name of common.Status. */
  readonly status: string;
  readonly seconds: number;
}

/** A unary gRPC call that was answered. */
export interface CallFacts {
  /** Full name of the node. */
  readonly node: string;
  /** As in the protocol files, such as `protos.Endorser`. */
  readonly service: string;
  readonly method: string;
  /** Name of the gRPC status. */
  readonly code: string;
  readonly seconds: number;
}

/** A gRPC stream that begins or ends. */
export interface StreamFacts {
  /** Full name of the node. */
  readonly node: string;
  readonly service: string;
  readonly method: string;
  readonly phase: 'opened' | 'closed';
}

export interface NetworkObserver {
  proposal(facts: ProposalFacts): void;
  committed(facts: CommitFacts): void;
  /** The orderer took or refused an envelope. */
  envelope(facts: EnvelopeFacts): void;
  call(facts: CallFacts): void;
  stream(facts: StreamFacts): void;
}

function ignore(): void {
  // Nobody watches.
}

/** The default. */
export const UNWATCHED: NetworkObserver = {
  proposal: ignore,
  committed: ignore,
  envelope: ignore,
  call: ignore,
  stream: ignore,
};
