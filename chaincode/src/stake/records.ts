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

/** A peer that endorses for its organisation. */
export interface PeerKey {
  /** SHA-256 of the certificate's DER, hex. */
  readonly certificate: string;
  /** Its P-256 key, uncompressed, 65 bytes, hex. */
  readonly key: string;
  /** Id of the vendor that registered it. */
  readonly vendor: string;
}

/** Key `peerCertificate:<mspId>:<digest>`: stays when the peer's certificate is replaced, since it signed before. */
export interface PeerCertificateRecord extends Pick<PeerKey, 'key'> {
  readonly docType: 'peerCertificate';
  readonly schema: 1;
}

/** Key `organisationPeers:<mspId>`: the peers that endorse now, those registered last first. */
export interface OrganisationPeersRecord {
  readonly docType: 'organisationPeers';
  readonly schema: 1;
  readonly mspId: string;
  readonly peers: readonly PeerKey[];
  readonly time: string;
}

/** Which set of validators devices should know (protocol §7.3). */
export interface ValidatorEpoch {
  /** Counts the changes of the set, from 1, not elections. */
  readonly epoch: number;
  /** SHA-256 of the set, hex. */
  readonly digest: string;
}

/** Key `stake:validators`: the present set. */
export interface ValidatorHeadRecord extends ValidatorEpoch {
  readonly docType: 'validatorHead';
  readonly schema: 1;
  readonly time: string;
}

/** Key `stake:validatorEpoch:<epoch>`. */
export interface ValidatorEpochRecord extends ValidatorEpoch {
  readonly docType: 'validatorEpoch';
  readonly schema: 1;
}

/** Key `stake:validatorSet:<digest>`: never rewritten. */
export interface ValidatorSetRecord extends ValidatorEpoch {
  readonly docType: 'validatorSet';
  readonly schema: 1;
  /** The set's CBOR, hex. */
  readonly set: string;
  readonly time: string;
}

/** What Stake:ProveValidators answers, and devices read as the statement of a link (protocol §7.3). */
export interface ValidatorLinkStatement {
  readonly docType: 'validatorLink';
  readonly schema: 1;
  readonly channel: string;
  /** Of the newer set. */
  readonly epoch: number;
  /** SHA-256 of the older set, hex. */
  readonly from: string;
  /** SHA-256 of the newer set, hex. */
  readonly to: string;
}
