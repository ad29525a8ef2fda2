/**
 * Enrolment (docs/protocol.md §2.2): from a vendor-signed assignment to the state of an epoch, at both ends. D computes psk
 * from its vendor key; M is given psk by the vendor, off this protocol.
 */
import { equalBytes, erase } from '../wire/bytes.ts';
import { chainContext, chainValue } from '../crypto/chain.ts';
import { isUsableEd25519Key } from '../crypto/ed25519.ts';
import { openEnvelope, type VendorTrust } from '../crypto/envelope.ts';
import { CryptoError } from '../crypto/errors.ts';
import { enrolmentHash, enrolmentKeys } from '../crypto/key-schedule.ts';
import { suiteOf, type Suite } from '../crypto/suites.ts';
import { nextKv, pskOf, vendorKeyAt, type VendorKey } from '../crypto/vendor-keys.ts';
import { decodeAssignment, decodeChainKey, type Assignment } from '../wire/assignment.ts';
import { WireError } from '../wire/errors.ts';
import { CloseCode } from '../wire/message-types.ts';
import type { DeviceEpoch, ManagedEpoch } from './epochs.ts';
import { ProtocolError, type ProtocolErrorCode } from './errors.ts';

function refuse(code: ProtocolErrorCode, message: string, cause?: unknown): never {
  throw new ProtocolError(code, CloseCode.failed, message, { cause });
}

/** Suite and proof have to be in this version and fit the class. */
function suiteFor(assignment: Assignment): Suite {
  const suite = supportedSuite(assignment.suite);
  if (!suite.classes.includes(assignment.class)) {
    refuse('ENROLMENT_NOT_SUPPORTED', `suite ${suite.id} is not for class ${assignment.class}`);
  }
  if (assignment.mauth === 3) {
    refuse('ENROLMENT_NOT_SUPPORTED', 'expected manager proof 1 or 2, got 3');
  }
  const keys = assignment.mauth === 1 ? [assignment.mkey] : [];
  if (assignment.dkey.length > 0) keys.push(assignment.dkey);
  if (!keys.every(isUsableEd25519Key)) {
    refuse('ENROLMENT_REFUSED', 'expected Ed25519 keys of large order in mkey and dkey');
  }
  return suite;
}

function supportedSuite(id: number): Suite {
  try {
    return suiteOf(id);
  } catch (error) {
    refuse('ENROLMENT_NOT_SUPPORTED', 'the suite is not in this version', error);
  }
}

function openAssignment(
  envelope: Uint8Array,
  trust: VendorTrust,
): { payload: Uint8Array; assignment: Assignment } {
  try {
    const payload = openEnvelope('assignment', envelope, trust);
    return { payload, assignment: decodeAssignment(payload) };
  } catch (error) {
    if (error instanceof WireError || error instanceof CryptoError) {
      refuse('ENROLMENT_REFUSED', `the assignment is refused: ${error.code}`, error);
    }
    throw error;
  }
}

function keyFor(held: VendorKey, serial: number): VendorKey {
  try {
    return vendorKeyAt(held, serial);
  } catch (error) {
    refuse('ENROLMENT_REFUSED', 'the serial is not one this device takes', error);
  }
}

/** State of a device after it took an assignment; the old `kv` is to be overwritten by `kv`. */
export interface Enrolled extends VendorKey {
  readonly epoch: DeviceEpoch;
}

/**
 * D takes an assignment: vendor signatures, its own id and serial checked, keys derived, kv stepped past them.
 *
 * @param held kv_n and n
 * @param envelope the `signed` bytes
 * @param idD the device's own id
 * @param lastEpoch number of the epoch in use, when there is one: the new one has to be higher
 * @throws {@link ProtocolError} 4402 `ENROLMENT_REFUSED` (signature, shape, serial, keys), `ENROLMENT_WRONG_DEVICE`,
 * `ENROLMENT_EPOCH_NOT_NEW`, `ENROLMENT_RETIRED` (a right assignment with op 1: erase all keys),
 * `ENROLMENT_NOT_SUPPORTED`
 */
export function enrol(
  held: VendorKey,
  envelope: Uint8Array,
  trust: VendorTrust,
  idD: string,
  lastEpoch = -1,
): Enrolled {
  const { payload, assignment } = openAssignment(envelope, trust);
  if (assignment.idD !== idD) {
    refuse('ENROLMENT_WRONG_DEVICE', `expected an assignment of ${idD}, got ${assignment.idD}`);
  }
  const { kv } = keyFor(held, assignment.serial);
  if (assignment.op === 1) refuse('ENROLMENT_RETIRED', 'the vendor retired this device');
  if (assignment.epoch <= lastEpoch) {
    refuse(
      'ENROLMENT_EPOCH_NOT_NEW',
      `expected an epoch above ${lastEpoch}, got ${assignment.epoch}`,
    );
  }
  const suite = suiteFor(assignment);
  const psk = pskOf(kv, payload);
  const next = nextKv(kv);
  const keys = epochKeys(suite, payload, psk);
  erase(psk, kv);
  const chain =
    assignment.mauth === 2 ? { index: 0, value: decodeChainKey(assignment.mkey).anchor } : null;
  return {
    epoch: { assignment, payload, ...keys, ctr: 0, chain },
    kv: next,
    kvN: assignment.serial + 1,
  };
}

function epochKeys(
  suite: Suite,
  payload: Uint8Array,
  psk: Uint8Array,
): Pick<DeviceEpoch, 'en' | 'kHello' | 'generation'> {
  const en = enrolmentHash(suite, payload);
  const { kHello, k0 } = enrolmentKeys(suite, psk, en);
  return { en, kHello, generation: { index: 0, key: k0 } };
}

/**
 * M takes over a device. `payload` is verified by the caller (digest on the ledger, vendor's signature).
 *
 * @param psk 32 bytes; the caller erases them
 * @param chainSeed x_N, 32 bytes, for mauth 2 and only then
 * @throws {@link WireError} when the payload is not an assignment
 * @throws {@link ProtocolError} `ENROLMENT_NOT_SUPPORTED`, `ENROLMENT_REFUSED`, `ENROLMENT_RETIRED`,
 * `CHAIN_ANCHOR_MISMATCH` when the seed does not lead to the anchor that the vendor signed
 * @throws {@link RangeError} for a psk or seed of another length
 */
export function manageEpoch(
  payload: Uint8Array,
  psk: Uint8Array,
  chainSeed?: Uint8Array,
): ManagedEpoch {
  if (psk.length !== 32) throw new RangeError(`expected a psk of 32 bytes, got ${psk.length}`);
  const assignment = decodeAssignment(payload);
  if (assignment.op === 1) refuse('ENROLMENT_RETIRED', 'the assignment retires the device');
  const suite = suiteFor(assignment);
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
