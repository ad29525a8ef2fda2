/**
 * What end nodes and lightweight end nodes do differently. The shared runtime takes it as an object, so that a lightweight
 * node's bundle holds no public-key code.
 */
import type { PendingHello, Ticket } from '../protocol/handshake-device-steps.ts';
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { Enrolled } from '../protocol/enrolment-steps.ts';
import type { VerifyManager } from '../protocol/monitoring-device.ts';
import type { VendorKey } from '../crypto/vendor-keys.ts';
import type { DeviceIdentity } from './provisioning.ts';
import type { VendorRoots } from '../wire/roots.ts';
import type { RandomBytes } from './randomness.ts';
import type { LedgerWitness, Trusted } from './witness.ts';

/** One class of device (docs/protocol.md §2, §3). */
export interface DeviceClassCode {
  readonly deviceClass: 0 | 1;
  /** Largest frame in a session, bytes. */
  readonly fmax: number;
  /** Bits of `state.flags` that never change. */
  readonly flags: number;
  /** Seconds since 1970, where the class has a clock by default (§6.8). */
  readonly trustedTime: () => number | null;
  /** True: chunks come with their paths, for devices with little memory (§6.6 step 2). */
  readonly paths: boolean;
  /** §7.1, §7.3: what of a record comes from the document while the record lacks it. */
  trusted(identity: DeviceIdentity, held: Trusted | null): Trusted;
  /** §2.2: takes an assignment signed under the roots, which class L has none of. */
  enrol(
    held: VendorKey,
    envelope: Uint8Array,
    roots: Uint8Array | null,
    idD: string,
    lastEpoch?: number,
  ): Enrolled;
  /** §3: Hello for the epoch's present counter; §3.5: with a ticket, one that resumes. */
  startHello(
    epoch: DeviceEpoch,
    random: RandomBytes,
    ticket?: Ticket,
  ): { readonly frame: Uint8Array; readonly pending: PendingHello };
  /** §7.1: the payload of a release that the vendor signed; throws for any other. */
  openRelease(signed: Uint8Array, roots: Uint8Array | null): Uint8Array;
  /** §7.1: the next generation of the vendor's roots; null for class L. */
  readonly nextRoots: ((envelope: Uint8Array, roots: Uint8Array) => VendorRoots) | null;
  /** §7.3: null for class L, and for an end node without a ledger. */
  readonly witness: LedgerWitness | null;
  /** §6.2: the check of M's signature under a request, null for class L. */
  managerCheck(epoch: DeviceEpoch): VerifyManager | null;
  /** §6.3: `challenge` of an update query. */
  challenge(random: RandomBytes): Uint8Array;
  /** Own Ed25519 secret key, when the assignment has a `dkey`. */
  readonly deviceKey?: Uint8Array;
}
