/** Where a device's secrets, counters and intervals live (docs/protocol.md §2.1). */
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { StoredWindow } from '../protocol/window.ts';
import { retired } from './errors.ts';

/** What an end node knows of the ledger (§7.3). */
export interface LedgerRecord {
  /** The validator set, as `encodeValidatorSet` writes it. */
  readonly validators: Uint8Array;
  /** Highest ledger time of proofs that were believed, seconds since 1970: never later than now (§6.8). */
  readonly time: number;
  /** Answers in a row that proved nothing. */
  readonly unproven: number;
}

/** All that a device keeps besides its firmware. Holds secrets. */
export interface DeviceRecord {
  /** The assignment in use, with its counters. */
  readonly epoch: DeviceEpoch;
  /** The assignment before, kept until the first session under the new one is complete (§2.3). */
  readonly former: DeviceEpoch | null;
  /** kv_n and n, for the next assignment. */
  readonly kv: Uint8Array;
  readonly kvN: number;
  readonly window: StoredWindow;
  /** Counters of §6.1 that the window does not keep. */
  readonly badauth: number;
  readonly resync: number;
  readonly skipped: number;
  /** Until when M asked for silence (§2.3), seconds since 1970 by a trusted clock; 0 for never, or without such a clock. */
  readonly silentUntil: number;
  /** The vendor's roots in use, as `encodeRoots` writes them (§7.1); null for class L. */
  readonly roots: Uint8Array | null;
  /** Null for class L, and for an end node that was provisioned without a ledger. */
  readonly ledger: LedgerRecord | null;
}

/** One record, replaced as a whole. */
export interface KeyStore {
  /**
   * Null before the first start.
   *
   * @throws {@link StoreError} `DEVICE_RETIRED` after {@link erase}
   */
  load(): Promise<DeviceRecord | null>;
  /** All of it or nothing; settles when it is safe from a power cut. */
  save(record: DeviceRecord): Promise<void>;
  /** §2.3, retire: nothing of it can be read again, and no start enrols the device anew. */
  erase(): Promise<void>;
}

/** A key store in memory: a restart enrols the device anew, which its manager sees as a loss of counters. */
export class MemoryKeyStore implements KeyStore {
  #record: DeviceRecord | null = null;
  #retired = false;

  load(): Promise<DeviceRecord | null> {
    return this.#retired ? Promise.reject(retired()) : Promise.resolve(this.#record);
  }

  save(record: DeviceRecord): Promise<void> {
    this.#record = record;
    return Promise.resolve();
  }

  erase(): Promise<void> {
    this.#record?.kv.fill(0);
    this.#record = null;
    this.#retired = true;
    return Promise.resolve();
  }
}
