/**
 * Enrolment of a device under whatever it trusts (docs/protocol.md §2.2), without public-key code of its own: `enrolment.ts`
 * brings that for class E.
 */
import { erase } from '../wire/bytes.ts';
import { CryptoError } from '../crypto/errors.ts';
import { isTreeKey } from '../crypto/hss.ts';
import { enrolmentHash, enrolmentKeys } from '../crypto/key-schedule.ts';
import { suiteOf, type Suite } from '../crypto/suites.ts';
import { nextKv, pskOf, vendorKeyAt, type VendorKey } from '../crypto/vendor-keys.ts';
import { decodeAssignment, decodeChainKey, type Assignment } from '../wire/assignment.ts';
import { WireError } from '../wire/errors.ts';
import { CloseCode } from '../wire/message-types.ts';
import type { DeviceEpoch } from './epochs.ts';
import { ProtocolError, type ProtocolErrorCode } from './errors.ts';

/** How a device tells a right assignment from a false one. */
export interface AssignmentTrust {
  /**
   * Verifies the envelope and gives its payload.
   *
   * @throws {@link WireError} or {@link CryptoError} for any other
   */
  open(envelope: Uint8Array): Uint8Array;
  /** True for an Ed25519 key that may stand in `mkey` or `dkey`; a device without such code takes none. */
  isUsableKey(publicKey: Uint8Array): boolean;
  /** Whether the device is known as one that can do no better, and may have a weak suite (§4). @default false */
  readonly legacy?: boolean;
}

export function refuse(code: ProtocolErrorCode, message: string, cause?: unknown): never {
  throw new ProtocolError(code, CloseCode.failed, message, { cause });
}

/** Suite and proof have to be in this version and fit the class and the device. */
export function suiteFor(
  assignment: Assignment,
  { isUsableKey, legacy = false }: Pick<AssignmentTrust, 'isUsableKey' | 'legacy'>,
): Suite {
  const suite = supportedSuite(assignment.suite);
  if (!suite.classes.includes(assignment.class)) {
    refuse('ENROLMENT_NOT_SUPPORTED', `${suite.name} is not for class ${assignment.class}`);
  }
  if (suite.legacy && !legacy) {
    refuse('ENROLMENT_NOT_SUPPORTED', `${suite.name} is for legacy devices only`);
  }
  if (assignment.mauth === 3 && !isTreeKey(assignment.mkey)) {
    refuse('ENROLMENT_NOT_SUPPORTED', 'expected an HSS public key of the codes in §3.3 in mkey');
  }
  const keys = assignment.mauth === 1 ? [assignment.mkey] : [];
  if (assignment.dkey.length > 0) keys.push(assignment.dkey);
  if (!keys.every((key) => isUsableKey(key))) {
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
  trust: AssignmentTrust,
): { payload: Uint8Array; assignment: Assignment } {
  try {
    const payload = trust.open(envelope);
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
export function enrolUnder(
  held: VendorKey,
  envelope: Uint8Array,
  trust: AssignmentTrust,
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
  const suite = suiteFor(assignment, trust);
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

/** EN, K_hello and K_0 of an assignment (§3.2). */
export function epochKeys(
  suite: Suite,
  payload: Uint8Array,
  psk: Uint8Array,
): Pick<DeviceEpoch, 'en' | 'kHello' | 'generation'> {
  const en = enrolmentHash(suite, payload);
  const { kHello, k0 } = enrolmentKeys(suite, psk, en);
  return { en, kHello, generation: { index: 0, key: k0 } };
}
