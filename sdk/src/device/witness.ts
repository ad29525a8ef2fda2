/**
 * What only an end node checks, as types: the vendor's roots and the ledger's proofs (docs/protocol.md §7.1, §7.3). The code is
 * handed to the shared runtime as an object, since the bundle of a lightweight node holds none of it.
 */
import type { DeviceRecord } from '../firmware/key-store.ts';
import type { ReleaseQuestion, ReleaseVerdict } from '../protocol/proof-verification.ts';

/** What of a record an end node starts with, and moves forward. */
export type Trusted = Pick<DeviceRecord, 'roots' | 'ledger'>;

/** The ledger as one device sees it. Sets and roots are encoded. */
export interface LedgerWitness {
  /** @throws {@link ProofError} */
  weigh(proofs: Uint8Array, question: ReleaseQuestion, validators: Uint8Array): ReleaseVerdict;
  /** @throws {@link ProofError} */
  followLink(link: Uint8Array, validators: Uint8Array): Uint8Array;
  /** @throws {@link ProofError} */
  openSet(envelope: Uint8Array, roots: Uint8Array, validators: Uint8Array): Uint8Array;
}
