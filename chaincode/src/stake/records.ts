/** What the contract Stake keeps besides the table. Shares are decimal strings, as in the table. */
import type { MisconductKind } from './evidence.ts';

/** Argument of Stake:Initialise. */
export interface StakeFounding {
  /** Seconds of transaction time. */
  readonly epochSeconds: number;
  readonly threshold: FractionText;
  readonly cap: FractionText;
  readonly organisations: readonly StakeAllocation[];
}

export interface FractionText {
  readonly num: string;
  readonly den: string;
}

/** So many shares for an organisation; a list of them is the argument of Stake:Reissue. */
export interface StakeAllocation {
  readonly mspId: string;
  readonly shares: string;
}

/** Argument of Stake:OfferShares. */
export interface StakeOffer {
  /** Chosen by the seller, unique. */
  readonly id: string;
  readonly shares: string;
  /** MSP id; empty for whoever comes first. */
  readonly buyer: string;
  /** In words: payment is off the ledger. */
  readonly price: string;
}

/** Key `stake:offer:<id>`. */
export interface StakeOfferRecord extends StakeOffer {
  readonly docType: 'stakeOffer';
  readonly schema: 1;
  /** MSP id. */
  readonly seller: string;
  readonly state: 'open' | 'accepted' | 'withdrawn';
  readonly time: string;
}

export type StakeMotion = 'skip' | 'burn' | 'lift' | 'reissue';

export interface StakeVote {
  /** MSP id. */
  readonly mspId: string;
  /** Why, in words; empty where none is asked for. */
  readonly reason: string;
}

/** Key `stake:vote:<motion>:<subject>`; its ledger history tells all rounds. */
export interface StakeVotesRecord {
  readonly docType: 'stakeVotes';
  readonly schema: 1;
  readonly motion: StakeMotion;
  readonly subject: string;
  /** Votes of another round do not count: the epoch of a skip, the case of a bar, the burned shares of a new issue. */
  readonly round: string;
  readonly votes: readonly StakeVote[];
  readonly carried: boolean;
  readonly time: string;
}

/** Key `stake:case:<id>`. */
export interface StakeCaseRecord {
  readonly docType: 'stakeCase';
  readonly schema: 1;
  /** SHA-256 over the accused certificate and the proposal, hex. */
  readonly id: string;
  readonly kind: MisconductKind;
  /** MSP id. */
  readonly accused: string;
  /** SHA-256 of the accused peer's certificate, hex. */
  readonly certificate: string;
  /** MSP ids. */
  readonly witnesses: readonly string[];
  /** The proposal that was answered. */
  readonly transaction: string;
  readonly transactionId: string;
  /** Shares burned for it, at once or by vote. */
  readonly burned: string;
  readonly state: 'barred' | 'burned' | 'lifted';
  /** MSP id of who reported it. */
  readonly reporter: string;
  readonly time: string;
}

/** Argument of Stake:ReportMisconduct: Fabric's bytes in hex, the accused peer's answer first. */
export interface MisconductReport {
  readonly kind: MisconductKind;
  readonly channelHeader: string;
  readonly signatureHeader: string;
  readonly proposal: string;
  readonly responses: readonly {
    readonly payload: string;
    readonly endorser: string;
    readonly signature: string;
  }[];
}

/** An item of Stake:CoinAges. */
export interface CoinAge {
  readonly mspId: string;
  readonly shares: string;
  readonly coinAge: string;
  readonly standing: 'active' | 'absent' | 'barred' | 'without-shares';
}

/** An item of Stake:Elections, newest first. */
export interface ElectionEntry {
  readonly epoch: number;
  /** MSP id; empty when nobody could be elected. */
  readonly validator: string;
  readonly time: string;
}

/** Key `stake:founded`: other contracts look here, so that no election conflicts with them. */
export interface StakeFoundedRecord {
  readonly docType: 'stakeFounded';
  readonly schema: 1;
  readonly time: string;
}
