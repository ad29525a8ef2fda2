/**
 * What stands on the ledger, as JSON (canonical: keys sorted). One `docType` a kind of record, `schema` its version.
 * Digests, keys and signatures are lower-case hex; times are ISO 8601 UTC of the transaction's timestamp.
 */

import type { ValidatorEpoch } from './stake/records.ts';

export type DeviceKind = 'end' | 'lightweight';

/** An image as a device runs it. */
export interface FirmwareIdentity {
  /** Generation of the vendor's roots (protocol §7.2 key 4). */
  readonly gen: number;
  /** Release sequence number (protocol §7.2 key 5). */
  readonly sequence: number;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the image. */
  readonly sha256: string;
}

/** Key `vendor:<id>`. */
export interface VendorRecord {
  readonly docType: 'vendor';
  readonly schema: 1;
  readonly id: string;
  readonly mspId: string;
  /** Base URL of the vendor node: firmware by digest, update requests, assignments. */
  readonly url: string;
  /** Ed25519 release key, 32 bytes (one key in this version; protocol §7.1 allows k of n). */
  readonly signingKey: string;
  /** SHA-256 of the DER of each peer certificate. */
  readonly peerCertificates: readonly string[];
  readonly time: string;
}

/** Key `model:<id>`. */
export interface ModelRecord {
  readonly docType: 'model';
  readonly schema: 1;
  readonly id: string;
  readonly vendor: string;
  readonly kind: DeviceKind;
  /** Bytes that one firmware slot holds. */
  readonly slotBytes: number;
  /** How many organisations other than the publisher must approve a release; at least 1. */
  readonly approvals: number;
  readonly time: string;
}

/** Key `manager:<id>`. Device-facing keys are apart from the Fabric identity. */
export interface ManagementNodeRecord {
  readonly docType: 'managementNode';
  readonly schema: 1;
  readonly id: string;
  readonly mspId: string;
  /** SHA-256 of the DER of the Fabric certificate that may report. */
  readonly certificate: string;
  /** PU_j: Ed25519, 32 bytes. */
  readonly signatureKey: string;
  /** HPKE DHKEM(X25519, HKDF-SHA256) public key, 32 bytes: vendors seal to it. */
  readonly sealingKey: string;
  /** HSS public key of its present tree (docs/protocol.md §3.3, mauth 3), hex; empty when it has none. */
  readonly treeKey: string;
  /** ws:// or wss:// URLs that devices dial. */
  readonly endpoints: readonly string[];
  /** Base URL for other nodes (vendors ask for chain anchors there). */
  readonly url: string;
  readonly time: string;
}

export type DeviceLifeCycle = 'registered' | 'assigned' | 'suspended' | 'retired';

/** Where a device's vendor-signed assignment stands (protocol §2.2). */
export interface AssignmentReference {
  readonly manager: string;
  readonly serial: number;
  readonly epoch: number;
  readonly suite: number;
  /** 1 signature, 2 chain, 3 tree. */
  readonly managerProof: 1 | 2 | 3;
  /** SHA-256 of the assignment payload. */
  readonly digest: string;
  readonly time: string;
  /** Seconds from `time` in which the manager's first report is due, as the vendor says; 0 for a retirement. */
  readonly dueWithin: number;
}

/** Key `device:<id>`. The key's ledger history is the device's history. */
export interface DeviceRecord {
  readonly docType: 'device';
  readonly schema: 1;
  readonly id: string;
  readonly model: string;
  readonly vendor: string;
  readonly kind: DeviceKind;
  /** Suites that the device carries (docs/protocol.md §4), the one it prefers first. */
  readonly suites: readonly number[];
  /** Whether weak suites may be among them: a device that can do no better. It takes no firmware under one. */
  readonly legacy: boolean;
  readonly state: DeviceLifeCycle;
  /** What the device should run: from registration, moved by RecordUpdates. */
  readonly firmware: FirmwareIdentity;
  readonly assignment: AssignmentReference | null;
  /** Why the device is suspended; otherwise empty. */
  readonly reason: string;
  readonly time: string;
}

/** S_i of the paper (protocol §6.2). */
export type DeviceStatus = 'normal' | 'abnormal' | 'unreachable' | 'clone-suspected' | 'updating';
/** Why a device is abnormal. */
export type AbnormalReason = 'version' | 'size' | 'digest' | 'proof';

/** Argument of StatusLog:ReportStatus; an array of them that of ReportStatuses. */
export interface StatusReport {
  readonly device: string;
  /** Monitoring round at the manager, counted for ever; each (device, n) is recorded once. */
  readonly n: number;
  readonly status: DeviceStatus;
  readonly reasons: readonly AbnormalReason[];
  /** What the device answered; the last known when it did not answer. */
  readonly sequence: number;
  readonly version: string;
  /** H(fw) as answered, SHA-256. */
  readonly sha256: string;
  /** Manager's time of the verdict, ISO 8601 UTC. */
  readonly observed: string;
  /** Seconds after which a next report is due: FTI + RTI now in force; for an unreachable device, windows of these. */
  readonly dueWithin: number;
}

/** Key `status:<device>`; its ledger history is the status history. */
export interface StatusRecord extends StatusReport {
  readonly docType: 'status';
  readonly schema: 1;
  readonly manager: string;
  readonly time: string;
}

/** An item of StatusLog:OverdueDevices: an assigned device whose manager owes a report. */
export interface OverdueDevice {
  readonly device: string;
  readonly vendor: string;
  /** Who owes it: the present manager. */
  readonly manager: string;
  /** When it was due. */
  readonly due: string;
  /** Time of the last report, by this manager or an earlier one; null when there never was one. */
  readonly reported: string | null;
}

/** Key `release:<id>`; id is the SHA-256 of the manifest payload. */
export interface ReleaseRecord {
  readonly docType: 'release';
  readonly schema: 1;
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly firmware: FirmwareIdentity;
  /** The `signed` envelope of protocol §7.1 over the manifest, hex, as the vendor made it (Ed25519). */
  readonly envelope: string;
  /** Where the image and the per-device envelopes of class L are served. */
  readonly url: string;
  /** Whether managers propagate it at once (protocol 4) or keep it for devices that ask (protocol 2). Lightweight
   * nodes never ask, so a release for them is always propagated. */
  readonly propagate: boolean;
  readonly state: 'published' | 'approved' | 'withdrawn';
  /** MSP ids, in order of approval, none twice, never the publisher's. */
  readonly approvals: readonly string[];
  /** Why the release is withdrawn; otherwise empty. */
  readonly reason: string;
  readonly time: string;
}

/** An approved release that is not withdrawn. */
export interface ApprovedRelease extends Pick<FirmwareIdentity, 'gen' | 'sequence'> {
  /** SHA-256 of the manifest payload. */
  readonly id: string;
}

/** Key `approved:<model>`. */
export interface ApprovedReleasesRecord {
  readonly docType: 'approvedReleases';
  readonly schema: 1;
  readonly model: string;
  /** The newest 64, the newest first. */
  readonly releases: readonly ApprovedRelease[];
}

/** What Firmware:ProveRelease answers, and devices read as the statement of a proof (protocol §7.3 item 5). */
export interface ReleaseProofStatement {
  readonly docType: 'releaseProof';
  readonly schema: 1;
  readonly channel: string;
  readonly model: string;
  /** As asked for: 32 bytes, hex. */
  readonly challenge: string;
  /** Of the latest approved release; 0 if there is none. */
  readonly gen: number;
  readonly seq: number;
  /** SHA-256 of its manifest payload, hex; empty if there is none. */
  readonly manifest: string;
  /** Of the present validator set. */
  readonly epoch: number;
  /** SHA-256 of it, hex. */
  readonly validators: string;
  /** Seconds since 1970, within five minutes of each signer's clock. */
  readonly time: number;
}

/** Argument of Firmware:RecordTransmission (an array): the vendor says who took an image. */
export interface Transmission {
  /** Chosen by the vendor, unique: written once. */
  readonly id: string;
  readonly release: string;
  readonly manager: string;
  /** Bytes sent. */
  readonly bytes: number;
  readonly observed: string;
}

/** Key `transmission:<release>:<id>`. */
export interface TransmissionRecord extends Transmission {
  readonly docType: 'transmission';
  readonly schema: 1;
  readonly vendor: string;
  readonly time: string;
}

/** Argument of Firmware:RecordUpdates (an array): U_i of the paper. */
export interface UpdateReport {
  readonly device: string;
  /** The device's attempt number (protocol `result`), growing under one assignment; each is recorded once. */
  readonly attempt: number;
  /** SHA-256 of the release's manifest payload. */
  readonly release: string;
  readonly from: FirmwareIdentity;
  /** Result code of protocol §8; 0 moves the device's firmware to the release's. */
  readonly code: number;
  readonly cause: 'request' | 'propagation';
  readonly observed: string;
}

/** Key `update:<device>`; its ledger history is the update history. */
export interface UpdateRecord extends UpdateReport {
  readonly docType: 'update';
  readonly schema: 1;
  readonly manager: string;
  /** Serial of the assignment in force: a device that lost its memory counts attempts anew under a new one. */
  readonly serial: number;
  readonly to: FirmwareIdentity;
  readonly time: string;
}

/** One entry of a key's history, newest first. */
export interface HistoryEntry<T> {
  readonly txId: string;
  readonly time: string;
  readonly deleted: boolean;
  readonly value: T | null;
}

/** A page of a list; `bookmark` is empty on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly bookmark: string;
}

/** Argument of DeviceRegistry:RegisterVendor; again by the same organisation replaces keys, certificates and URL. */
export interface VendorRegistration extends Pick<VendorRecord, 'id' | 'url' | 'signingKey'> {
  /** DER of each certificate that a peer of the organisation endorses with now, hex. */
  readonly peerCertificates: readonly string[];
}

/** Argument of DeviceRegistry:RegisterModel. */
export type ModelRegistration = Pick<
  ModelRecord,
  'id' | 'vendor' | 'kind' | 'slotBytes' | 'approvals'
>;

/** Argument of DeviceRegistry:RegisterManagementNode; again by the same organisation replaces all but the id. */
export type ManagementNodeRegistration = Pick<
  ManagementNodeRecord,
  'id' | 'certificate' | 'signatureKey' | 'sealingKey' | 'treeKey' | 'endpoints' | 'url'
>;

/** Argument of DeviceRegistry:RegisterDevice; an array of them that of RegisterDevices. */
export type DeviceRegistration = Pick<
  DeviceRecord,
  'id' | 'model' | 'firmware' | 'suites' | 'legacy'
>;

/** Argument of Firmware:PublishRelease. */
export type ReleasePublication = Pick<ReleaseRecord, 'envelope' | 'url' | 'propagate'>;

/** An item of DeviceRegistry:WeakestDevices; strengths are in bits. */
export interface WeakDevice {
  readonly device: string;
  readonly vendor: string;
  readonly manager: string;
  readonly suite: number;
  /** How the manager proves itself (docs/protocol.md §3.3). */
  readonly managerProof: 1 | 2 | 3;
  readonly legacy: boolean;
  /** The least of those below. */
  readonly strength: number;
  readonly aead: number;
  readonly hashCollision: number;
  readonly keyAgreement: number;
  readonly managerProofStrength: number;
}

/** A vendor in a page of DeviceRegistry:Hierarchy; what it holds continues on the next page. */
export interface HierarchyVendor {
  readonly vendor: string;
  /** Devices of this vendor on this page. */
  readonly count: number;
  readonly models: readonly HierarchyModel[];
}

export interface HierarchyModel {
  readonly model: string;
  readonly count: number;
  readonly managers: readonly HierarchyManager[];
}

export interface HierarchyManager {
  /** Null for devices that wait for an assignment. */
  readonly manager: string | null;
  readonly count: number;
  readonly devices: readonly string[];
}

/** Chaincode events; the payload is canonical JSON of the type beside the name. One event a transaction. */
export interface ContractEvents {
  readonly DeviceAssigned: {
    readonly device: string;
    readonly vendor: string;
    readonly manager: string;
    readonly serial: number;
    readonly previousManager: string | null;
  };
  readonly DeviceSuspended: { readonly device: string; readonly manager: string | null };
  readonly DeviceRetired: { readonly device: string; readonly manager: string | null };
  readonly ReleasePublished: { readonly release: string; readonly model: string };
  readonly ReleaseApproved: { readonly release: string; readonly model: string };
  readonly ReleaseWithdrawn: { readonly release: string; readonly model: string };
  readonly StatusReported: {
    readonly manager: string;
    readonly reports: number;
    readonly abnormal: readonly string[];
  };
  readonly StakeInitialised: { readonly validator: string; readonly issued: string };
  readonly SharesOffered: { readonly offer: string; readonly seller: string };
  readonly SharesSold: {
    readonly offer: string;
    readonly seller: string;
    readonly buyer: string;
    readonly shares: string;
  };
  readonly OfferWithdrawn: { readonly offer: string; readonly seller: string };
  readonly ValidatorElected: {
    readonly epoch: number;
    readonly validator: string;
    readonly previous: string;
  };
  readonly ValidatorSkipped: {
    readonly epoch: number;
    readonly skipped: string;
    readonly validator: string;
  };
  readonly ValidatorReturned: { readonly organisation: string };
  readonly MisconductProven: {
    readonly case: string;
    readonly kind: 'equivocation' | 'divergence';
    readonly accused: string;
    readonly state: 'barred' | 'burned' | 'lifted';
  };
  readonly SharesBurned: {
    readonly case: string;
    readonly accused: string;
    readonly shares: string;
  };
  readonly BarLifted: { readonly case: string; readonly accused: string };
  readonly SharesReissued: { readonly to: readonly string[] };
  /** Certificates were registered; what changes shares and voices has its own event. */
  readonly ValidatorsChanged: ValidatorEpoch;
  readonly UpdatesRecorded: { readonly manager: string; readonly devices: readonly string[] };
}
