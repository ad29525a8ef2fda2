/** Whom an end node believes: its vendor's roots, and the ledger it was provisioned with (docs/protocol.md §7.1, §7.3). */
import { followLink, openSignedSet, weighReleaseProof } from '../protocol/proof-verification.ts';
import { trustOfRoots } from '../protocol/roots-rules.ts';
import type { VendorTrust } from '../crypto/envelope.ts';
import { decodeRoots, encodeRoots } from '../wire/roots.ts';
import { decodeValidatorSet } from '../wire/validator-set.ts';
import { rootsOf } from './provisioning.ts';
import type { EndNodeIdentity } from './provisioning.ts';
import type { LedgerWitness, Trusted } from './witness.ts';

/**
 * What a record lacks is taken from the provisioning document: all of it at the first start, the ledger where the document
 * came to name one later.
 *
 * @throws {@link ProofError} for a first set that these roots did not sign
 */
export function trustedAtStart(identity: EndNodeIdentity, held: Trusted | null): Trusted {
  const roots = held?.roots ?? encodeRoots(rootsOf(identity));
  const { ledger } = identity;
  const known = held?.ledger ?? null;
  if (ledger === undefined || known !== null) return { roots, ledger: known };
  const validators = openSignedSet(ledger.validators, trustOf(roots), null);
  return { roots, ledger: { validators, time: 0, unproven: 0 } };
}

/** Whom an object of the vendor's is verified under. @param roots encoded; null before the first start */
export function trustOf(roots: Uint8Array | null): VendorTrust {
  if (roots === null) throw new RangeError('expected the roots of an end node, found none');
  return trustOfRoots(decodeRoots(roots));
}

/** Null for a device that was provisioned without a ledger. */
export function witnessOf({ ledger: pin }: EndNodeIdentity): LedgerWitness | null {
  if (pin === undefined) return null;
  return {
    weigh: (proofs, question, validators) => weighReleaseProof(proofs, question, pin, validators),
    followLink: (link, validators) => followLink(link, pin, validators),
    openSet: (envelope, roots, validators) =>
      openSignedSet(envelope, trustOf(roots), decodeValidatorSet(validators).epoch),
  };
}
