/**
 * A vendor-signed assignment (protocol §2.2) against what the ledger knows: it has to name the device, fit its kind and
 * model, be newer than the recorded one, and be signed by the vendor's registered key.
 */
import { createHash } from 'node:crypto';
import { CryptoError, verifyEnvelope } from '@lamplighter/sdk/crypto';
import {
  Algorithm,
  decodeAssignment,
  decodeSigned,
  WireError,
  type Assignment,
  type Signed,
} from '@lamplighter/sdk/wire';
import { ContractError } from './errors.ts';
import type {
  AssignmentReference,
  DeviceRecord,
  ManagementNodeRecord,
  VendorRecord,
} from './records.ts';
import { checkCarried } from './suites.ts';

const VENDOR_MAC_BYTES = 32;

export interface SignedAssignment {
  readonly signed: Signed;
  readonly assignment: Assignment;
}

/** @throws ContractError ASSIGNMENT_INVALID when the bytes are not a `signed` over an assignment. */
export function decodeSignedAssignment(envelope: Uint8Array): SignedAssignment {
  try {
    const signed = decodeSigned(envelope);
    return { signed, assignment: decodeAssignment(signed.payload) };
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new ContractError('ASSIGNMENT_INVALID', cause.message, { cause });
  }
}

function refuse(expected: string): ContractError {
  return new ContractError('ASSIGNMENT_INVALID', `expected ${expected}`);
}

/** §2.2: serial and epoch above every earlier one; class as the device's kind. */
function checkFit({ assignment }: SignedAssignment, device: DeviceRecord, op: 0 | 1): void {
  if (assignment.op !== op) throw refuse(`op ${op}, got ${assignment.op}`);
  if (assignment.idD !== device.id) throw refuse(`device ${device.id}, got ${assignment.idD}`);
  const kind = assignment.class === 0 ? 'end' : 'lightweight';
  if (kind !== device.kind) throw refuse(`an assignment for a device of kind ${device.kind}`);
  const last = device.assignment;
  if (last !== null && (assignment.serial <= last.serial || assignment.epoch <= last.epoch)) {
    throw new ContractError(
      'ASSIGNMENT_OUTDATED',
      `serial and epoch must be above ${last.serial} and ${last.epoch}, got ${assignment.serial} and ${assignment.epoch}`,
    );
  }
}

/**
 * An end node's assignment is signed under the vendor's key. A lightweight one carries the vendor's MAC under a key that
 * only vendor and device have: its shape is all that can be checked here.
 */
function checkSignatures({ signed, assignment }: SignedAssignment, vendor: VendorRecord): void {
  const isSigned = signed.signatures.some(({ alg }) => alg === Algorithm.ed25519);
  if (assignment.class === 0 || isSigned) checkVendorSignature('assignment', signed, vendor);
  if (assignment.class === 0) return;
  const macs = signed.signatures.filter(({ alg }) => alg === Algorithm.vendorMac);
  if (macs.length !== 1 || macs[0]?.sig.length !== VENDOR_MAC_BYTES) {
    throw refuse('one vendor MAC of 32 bytes for a lightweight node');
  }
}

/** §7.1: a signature by alg 1 under the key that stands on the ledger. */
export function checkVendorSignature(
  domain: 'assignment' | 'release',
  signed: Signed,
  vendor: VendorRecord,
): void {
  const keys = [Buffer.from(vendor.signingKey, 'hex')];
  try {
    verifyEnvelope(domain, signed, { kind: 'signature', threshold: 1, keys });
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new ContractError('SIGNATURE_INVALID', cause.message, { cause });
  }
}

/**
 * Checks an assignment that enrols, transfers or renews (op 0) or retires (op 1).
 *
 * @param manager the registered manager it names; null for op 1, which names nobody new.
 * @returns how it stands on the ledger.
 * @throws ContractError ASSIGNMENT_INVALID, ASSIGNMENT_OUTDATED, SUITE_REFUSED or SIGNATURE_INVALID.
 */
export function checkAssignment(
  given: SignedAssignment,
  device: DeviceRecord,
  vendor: VendorRecord,
  manager: ManagementNodeRecord | null,
): Omit<AssignmentReference, 'time' | 'dueWithin'> {
  const { assignment, signed } = given;
  checkFit(given, device, manager === null ? 1 : 0);
  checkCarried(assignment.suite, device);
  if (assignment.mauth === 1 && manager !== null) {
    const key = Buffer.from(assignment.mkey).toString('hex');
    if (key !== manager.signatureKey) throw refuse(`the registered key of manager ${manager.id}`);
  }
  if (assignment.mauth === 3 && manager !== null) {
    const key = Buffer.from(assignment.mkey).toString('hex');
    if (key !== manager.treeKey) throw refuse(`the registered tree of manager ${manager.id}`);
  }
  checkSignatures(given, vendor);
  return {
    manager: assignment.idM,
    serial: assignment.serial,
    epoch: assignment.epoch,
    suite: assignment.suite,
    managerProof: assignment.mauth,
    digest: createHash('sha256').update(signed.payload).digest('hex'),
  };
}
