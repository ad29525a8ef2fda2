/**
 * The messages of lamplighter.v1 as values, named as in the CDDL of docs/protocol.md §1. `type` is the rule's name;
 * the codec in `messages.ts` turns it into the number on the wire and back.
 */

/** D's counters since its first start, told in every Finish and mon-ans (§6.1). */
export interface Stats {
  readonly early: number;
  readonly late: number;
  readonly badauth: number;
  readonly badsig: number;
  readonly dup: number;
  readonly resync: number;
  readonly skipped: number;
}

/** What D tells of itself (§1 `state`). */
export interface DeviceState {
  /** Sequence number of the release in use. */
  readonly seq: number;
  /** SHA-256 of the image in use, 32 bytes. */
  readonly sha256: Uint8Array;
  /** Number of the interval set in use. */
  readonly ivn: number;
  /** Seconds to the nominal T0 + FTI, rounded up; 0 when the window is open or past. */
  readonly opensIn: number;
  /** Bit set of {@link StateFlag}. */
  readonly flags: number;
  /** Attempt number of an unacknowledged result, 0 for none. */
  readonly pending: number;
  readonly stats: Stats;
}

/** Bits of {@link DeviceState.flags}. */
export const StateFlag = {
  restarted: 1,
  onTrial: 2,
  cannotCheckExpiry: 4,
  fellBack: 8,
  staleProofs: 16,
} as const;

/** FTI, RTI and UTI in seconds (§6.1, bounds of mon-set). */
export interface Intervals {
  readonly fti: number;
  readonly rti: number;
  readonly uti: number;
}

/** Names an object to be fetched by its digest (§1 `blobref`). */
export interface BlobRef {
  readonly kind: number;
  readonly sha256: Uint8Array;
  readonly size: number;
}

/** Kinds of {@link BlobRef}. */
export const BlobKind = {
  manifest: 1,
  proofSet: 2,
  validatorLink: 3,
  roots: 4,
  leafList: 5,
  assignment: 6,
  configuration: 7,
  validatorSet: 8,
} as const;

/** Why M has no offer (`upd-none`). */
export const NoUpdate = { current: 0, noRelease: 1, abnormal: 2, later: 3 } as const;

/** Codes in `done`, `result`, `push-ack` and `error` (§8). */
export const ResultCode = {
  good: 0,
  alreadyThere: 1,
  signature: 2,
  rollbackExpiryOrTarget: 3,
  currentDoesNotFit: 4,
  chunkOrDigest: 5,
  givenUp: 6,
  noRoom: 7,
  healthCheckFellBack: 8,
  notSupported: 9,
  proofsMissingOrStale: 10,
  busy: 11,
} as const;

/** WebSocket close codes (§8). */
export const CloseCode = {
  done: 1000,
  malformed: 4400,
  notAuthenticated: 4401,
  failed: 4402,
  deadline: 4408,
  counter: 4409,
  replaced: 4410,
  suspended: 4423,
  tooMany: 4429,
  ownFault: 4500,
} as const;

export type Message =
  | { readonly type: 'close-notify'; readonly code: number }
  | { readonly type: 'rekey'; readonly gen: number }
  | { readonly type: 'ticket'; readonly rid: Uint8Array; readonly ttl: number }
  | { readonly type: 'ready'; readonly flags: number }
  | MonReqE
  | MonReqL
  | MonAns
  | ({ readonly type: 'mon-set'; readonly ivn: number } & Intervals)
  | { readonly type: 'mon-ack'; readonly ivn: number }
  | UpdQuery
  | { readonly type: 'upd-none'; readonly why: number; readonly proofs: BlobRef | false }
  | UpdOffer
  | { readonly type: 'proof-want'; readonly challenge: Uint8Array }
  | Want
  | {
      readonly type: 'head';
      readonly sha256: Uint8Array;
      /** Content encryption key, 32 bytes (§6.6). */
      readonly cek: Uint8Array;
      readonly from: number;
    }
  | {
      readonly type: 'blob';
      readonly sha256: Uint8Array;
      readonly from: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'done'; readonly sha256: Uint8Array; readonly code: number }
  | {
      readonly type: 'result';
      readonly attempt: number;
      readonly seq: number;
      readonly sha256: Uint8Array;
      readonly code: number;
    }
  | { readonly type: 'result-ack'; readonly attempt: number }
  | { readonly type: 'push'; readonly ref: BlobRef }
  | { readonly type: 'push-ack'; readonly sha256: Uint8Array; readonly code: number }
  | { readonly type: 'suspend'; readonly seconds: number }
  | { readonly type: 'error'; readonly re: number; readonly code: number };

/** Monitoring, end node, step 2. `mode` 0 proof, 1 full. */
export interface MonReqE {
  readonly type: 'mon-req-e';
  readonly n: number;
  readonly idM: string;
  /** 32 random bytes, fresh for each n. */
  readonly r: Uint8Array;
  readonly mode: 0 | 1;
  /** Ed25519, 64 bytes. */
  readonly sig: Uint8Array;
}

/** Monitoring, lightweight, step 2. */
export interface MonReqL {
  readonly type: 'mon-req-l';
  readonly n: number;
  readonly r: Uint8Array;
  readonly mode: 0 | 1;
  /** Hash of the intervals M believes in, 32 bytes (§6.4). */
  readonly hfti: Uint8Array;
}

/** Monitoring, step 4, both classes. */
export interface MonAns {
  readonly type: 'mon-ans';
  readonly n: number;
  readonly idD: string;
  readonly seq: number;
  readonly ver: string;
  readonly size: number;
  /** SHA-256(fw), measured now, 32 bytes. */
  readonly hfw: Uint8Array;
  /** Hf(fw), empty when Hf is SHA-256. */
  readonly hdev: Uint8Array;
  /** Hf("lamplighter.v1 proof" || r || be64(size) || fw), 32 bytes. */
  readonly proof: Uint8Array;
  readonly r: Uint8Array;
  /** Lightweight: hash over r + 1 and the intervals, 32 bytes; else empty. */
  readonly hack: Uint8Array;
  readonly state: DeviceState;
}

/** Update request, step 2. */
export interface UpdQuery {
  readonly type: 'upd-query';
  readonly idD: string;
  readonly seq: number;
  readonly ver: string;
  readonly size: number;
  readonly hfw: Uint8Array;
  /** 32 bytes for class E, empty for class L. */
  readonly challenge: Uint8Array;
}

/** Update request, step 8; propagation, step 3. */
export interface UpdOffer {
  readonly type: 'upd-offer';
  readonly curSeq: number;
  readonly curHfw: Uint8Array;
  readonly manifest: BlobRef;
  readonly proofs: BlobRef | false;
}

/** Asks for an object: `from` is a byte of a blob or a chunk index of an image (§6.6). */
export interface Want {
  readonly type: 'want';
  readonly sha256: Uint8Array;
  readonly from: number;
  /** 1..256 blob messages or chunks. */
  readonly credit: number;
  readonly paths: boolean;
}
