/**
 * Enrolment (docs/protocol.md §2.2): from a vendor-signed assignment to the state of an epoch, at both ends. D computes psk
 * from its vendor key; M is given psk by the vendor, off this protocol.
 */
import { equalBytes } from '../wire/bytes.ts';
import { chainContext, chainValue } from '../crypto/chain.ts';
import { isUsableEd25519Key } from '../crypto/ed25519.ts';
import { openEnvelope, type VendorTrust } from '../crypto/envelope.ts';
import type { Suite } from '../crypto/suites.ts';
import type { VendorKey } from '../crypto/vendor-keys.ts';
import { decodeAssignment, decodeChainKey, type Assignment } from '../wire/assignment.ts';
import { enrolUnder, epochKeys, refuse, suiteFor, type Enrolled } from './enrolment-steps.ts';
import type { ManagedEpoch } from './epochs.ts';

/**
 * D takes an assignment under its vendor's keys: {@link enrolUnder}, with the public-key code of class E.
 *
 * @throws {@link ProtocolError} as {@link enrolUnder}
 */
export function enrol(
  held: VendorKey,
  envelope: Uint8Array,
  trust: VendorTrust,
  idD: string,
  lastEpoch?: number,
): Enrolled {
  const open = (encoded: Uint8Array): Uint8Array => openEnvelope('assignment', encoded, trust);
  return enrolUnder(held, envelope, { open, isUsableKey: isUsableEd25519Key }, idD, lastEpoch);
}

/**
 * M takes over a device. `payload` is verified by the caller (digest on the ledger, vendor's signature).
 *
 * @param psk 32 bytes; the caller erases them
 * @param chainSeed x_N, 32 bytes, for mauth 2 and only then
 * @param legacy whether the ledger has the device registered as legacy
 * @throws {@link WireError} when the payload is not an assignment
 * @throws {@link ProtocolError} `ENROLMENT_NOT_SUPPORTED`, `ENROLMENT_REFUSED`, `ENROLMENT_RETIRED`,
 * `CHAIN_ANCHOR_MISMATCH` when the seed does not lead to the anchor that the vendor signed
 * @throws {@link RangeError} for a psk or seed of another length
 */
export function manageEpoch(
  payload: Uint8Array,
  psk: Uint8Array,
  chainSeed?: Uint8Array,
  legacy = false,
): ManagedEpoch {
  if (psk.length !== 32) throw new RangeError(`expected a psk of 32 bytes, got ${psk.length}`);
  const assignment = decodeAssignment(payload);
  if (assignment.op === 1) refuse('ENROLMENT_RETIRED', 'the assignment retires the device');
  const suite = suiteFor(assignment, { isUsableKey: isUsableEd25519Key, legacy });
  const chain =
    assignment.mauth === 2
      ? { seed: checkedSeed(suite, assignment, chainSeed), highestSent: 0 }
      : null;
  return {
    assignment,
    payload,
    ...epochKeys(suite, payload, psk),
    completedCtr: 0,
    answeredCtr: 0,
    chain,
  };
}

function checkedSeed(suite: Suite, assignment: Assignment, seed?: Uint8Array): Uint8Array {
  if (seed?.length !== 32) {
    throw new RangeError(`expected a chain seed of 32 bytes, got ${seed?.length ?? 'none'}`);
  }
  const { length, anchor } = decodeChainKey(assignment.mkey);
  const context = chainContext(assignment.idM, assignment.idD, assignment.epoch);
  if (!equalBytes(chainValue(suite, context, { seed, length }, 0), anchor)) {
    refuse('CHAIN_ANCHOR_MISMATCH', 'the chain seed does not lead to the signed anchor');
  }
  return seed;
}
