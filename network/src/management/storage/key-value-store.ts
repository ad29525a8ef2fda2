/** The seam to the disk: an ordered map whose changes are all or nothing and on the disk when they are answered. */

/** A new value, or null to delete. */
export interface Change {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** One writer at a time; reading is for the start. */
export interface KeyValueStore {
  /** What stands under keys that begin with `prefix`, in order of the keys. */
  entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /**
   * Makes every change or none. After a failure it is not known which, and the next write begins anew.
   *
   * @throws {@link ManagementError} STORAGE_FULL, STORAGE_FAILED
   */
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}
