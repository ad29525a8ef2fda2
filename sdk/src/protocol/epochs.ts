/**
 * What each side keeps of one assignment (docs/protocol.md §2.1): plain data, never changed in place, so that a caller can
 * store the next state before it acts on it. Both hold secrets and are sealed at rest.
 */
import type { ChainPoint } from '../crypto/chain.ts';
import type { Generation } from '../crypto/key-schedule.ts';
import type { Assignment } from '../wire/assignment.ts';

interface Epoch {
  readonly assignment: Assignment;
  /** Signed payload of the assignment. */
  readonly payload: Uint8Array;
  readonly en: Uint8Array;
  readonly kHello: Uint8Array;
}

/** D's side. */
export interface DeviceEpoch extends Epoch {
  /** K_g of `ctr`. */
  readonly generation: Generation;
  /** Counter of the last Hello, 0 before the first. */
  readonly ctr: number;
  /** Last value of M's chain that D accepted, (k, x_k); null unless mauth 2. */
  readonly chain: ChainPoint | null;
}

/** M's chain for one device and epoch (§3.3). */
export interface ManagedChain {
  /** x_N, 32 bytes. */
  readonly seed: Uint8Array;
  /** R: highest index ever sent, on disk before it is sent. */
  readonly highestSent: number;
}

/** M's side. */
export interface ManagedEpoch extends Epoch {
  /** K_g of the last completed session. */
  readonly generation: Generation;
  /** Counter of the last completed session, 0 before the first. */
  readonly completedCtr: number;
  /** Highest counter answered with Accept, 0 before the first. */
  readonly answeredCtr: number;
  /** Null unless mauth 2. */
  readonly chain: ManagedChain | null;
}
