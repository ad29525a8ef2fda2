/** Errors of the management node. */
import { LamplighterError } from '../errors.ts';

/** Stable codes of {@link ManagementError}. */
export type ManagementErrorCode =
  /** The address to listen on is taken. */
  | 'ADDRESS_IN_USE'
  /** The node or one of its parts was closed. */
  | 'CLOSED'
  /** A bounded store has no room; the caller keeps its item and tries later. */
  | 'OUTBOX_FULL'
  | 'DATABASE_FULL'
  | 'SCHEDULE_FULL'
  /** The disk has no room, or fails; the node goes on by itself when it takes writes again. */
  | 'STORAGE_FULL'
  | 'STORAGE_FAILED'
  /** What is on the disk can not be read, was written by another version or by another node. */
  | 'STORAGE_DAMAGED'
  | 'STORAGE_VERSION'
  | 'DIRECTORY_FOREIGN'
  /** Another process has the directory. */
  | 'DIRECTORY_IN_USE'
  /** Bytes do not have the digest that names them. */
  | 'DIGEST_MISMATCH'
  /** A release is not approved, or not for this vendor, model or generation. */
  | 'RELEASE_NOT_APPROVED'
  | 'RELEASE_MISMATCH'
  /** No valid signature or MAC of the vendor. */
  | 'RELEASE_SIGNATURE_INVALID'
  /** The chunk tree of the image is not the one the manifest names. */
  | 'RELEASE_ROOT_MISMATCH'
  /** Too many devices wait for proofs. */
  | 'PROOFS_BUSY'
  /** Peers with enough shares did not say the same (protocol §7.3). */
  | 'PROOF_NOT_WON'
  /** An assignment names a kid that another device has: it would lock that one out. */
  | 'KID_IN_USE'
  /** Every leaf of the node's tree has signed: a new tree and new assignments are needed. */
  | 'TREE_EXHAUSTED'
  /** An assignment names a tree that this node does not have. */
  | 'TREE_UNKNOWN'
  /** A hand-over is not the assignment that stands on the ledger, or not for this node. */
  | 'ASSIGNMENT_MISMATCH';

/** What went wrong, by {@link ManagementErrorCode}. */
export class ManagementError extends LamplighterError<ManagementErrorCode> {}
