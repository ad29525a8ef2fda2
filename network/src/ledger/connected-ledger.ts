/** What a ledger client is connected with, and what a connected one can besides. */
import type { Ledger } from './ledger.ts';
import type { LedgerNotice } from './stake/stake-client.ts';

/** Who submits and asks, PEM. */
export interface LedgerIdentity {
  readonly mspId: string;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface LedgerSettings {
  /** A Fabric connection profile with a static `channels` section. */
  readonly profile: object;
  readonly identity: LedgerIdentity;
  readonly channel: string;
  readonly chaincode: string;
  /** For one peer to answer, milliseconds. @default 30_000 */
  readonly endorseTimeoutMs?: number;
  /** From the sending to the commit, milliseconds. @default 60_000 */
  readonly commitTimeoutMs?: number;
  /** How often peers are asked twice, to see whether they say two things, milliseconds; 0 for never. @default 10_000 */
  readonly auditEveryMs?: number;
  /** How often an idle client looks whether the validator serves, milliseconds; 0 for never. @default 2_000 */
  readonly patrolEveryMs?: number;
  /** Hears of misconduct found and filed, and of votes to skip a validator. */
  readonly notice?: (notice: LedgerNotice) => void;
}

/** A ledger whose identity may be replaced while it runs. */
export interface ConnectedLedger extends Ledger {
  /**
   * Signs with another certificate of the same organisation from now on; what is under way ends under the old one.
   *
   * @throws {RangeError} for an identity of another organisation
   * @throws {@link IdentityError} SIGNER_KEY_MISMATCH
   */
  renew(identity: LedgerIdentity): void;
}
