/**
 * What M stores of each device (protocol §2.1, table). This file is the seam: {@link DeviceDatabase} has an
 * implementation in memory; a durable one seals `secrets`, which holds every key, as one unit.
 */
import type {
  DeviceKind,
  DeviceStatus,
  FirmwareIdentity,
  UpdateReport,
} from '@lamplighter/chaincode';
import type { ManagedEpoch, ManagedIntervals, UpdateProgress } from '@lamplighter/sdk/protocol';

/** Where a device's update stands at M. */
export interface DeviceUpdate {
  /** Times are seconds since 1970, so that they go on over a restart. */
  readonly progress: UpdateProgress;
  /** Release id that is offered or delivered, null when idle. */
  readonly release: string | null;
  readonly cause: UpdateReport['cause'];
}

/** Nothing under way. */
export const NO_UPDATE: DeviceUpdate = {
  progress: { stage: 'idle' },
  release: null,
  cause: 'propagation',
};

/** A release as it was first offered to a device. */
export interface Offered {
  readonly release: string;
  /** Seconds since 1970. */
  readonly at: number;
}

/** One device. Immutable: a change makes a new entry. */
export interface DeviceEntry {
  readonly id: string;
  readonly model: string;
  readonly vendor: string;
  readonly kind: DeviceKind;
  /** Of the assignment in force. */
  readonly serial: number;
  /** The `signed` assignment, for `notice` to the kids before it (§2.3). */
  readonly envelope: Uint8Array;
  /** Those kids, newest first, bounded by the vendor's hand-over. */
  readonly formerKids: readonly Uint8Array[];
  readonly suspended: boolean;
  /** VER_i, size and H(fw_i): what the device should run. */
  readonly firmware: FirmwareIdentity;
  /** Number of the last monitoring round; never starts again (§6.2). */
  readonly n: number;
  /** Windows in a row without an answer. */
  readonly missed: number;
  readonly intervals: ManagedIntervals;
  /** Last verdict, null before the first. */
  readonly status: DeviceStatus | null;
  /** The device's count of resyncs as last told, null before the first session (§3.1). */
  readonly resyncs: number | null;
  /** Highest attempt whose result the outbox took (§6.6 item 7). */
  readonly attempt: number;
  readonly update: DeviceUpdate;
  /** When each release was offered for the first time, newest last, bounded: it is spared once for each (§6.2). */
  readonly offered: readonly Offered[];
  /** Releases that the device answered with a final refusal; newest last. */
  readonly refused: readonly string[];
  /** Records and handshakes of this epoch that did not open (§5); entries of earlier versions have none. */
  readonly failedOpenings?: number;
  /** K_hello, K_g, chain seed and counters of the epoch: the one field with keys in it. */
  readonly secrets: ManagedEpoch;
}

/** What a `kid` of a Hello stands for. */
export type KidEntry =
  | { readonly kind: 'current'; readonly entry: DeviceEntry }
  /** Replaced by the assignment in `entry` (§2.3). */
  | { readonly kind: 'replaced'; readonly entry: DeviceEntry };

/**
 * Stores devices. Reads and changes happen at once in memory, so that nothing comes between a check and its change; the
 * promises resolve when a change is as durable as the implementation makes it.
 */
export interface DeviceDatabase extends AsyncDisposable {
  readonly size: number;
  get(id: string): DeviceEntry | undefined;
  byKid(kid: Uint8Array): KidEntry | undefined;
  /** Every id, in order of adding. */
  ids(): readonly string[];
  /**
   * Adds a device or replaces what is known of it.
   *
   * @throws {@link ManagementError} DATABASE_FULL, KID_IN_USE
   */
  put(entry: DeviceEntry): Promise<void>;
  /** Replaces an entry by what `change` makes of it; undefined when it is not there. */
  update(id: string, change: (entry: DeviceEntry) => DeviceEntry): Promise<DeviceEntry | undefined>;
  remove(id: string): Promise<void>;
}
