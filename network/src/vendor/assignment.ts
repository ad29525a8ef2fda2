/** Signs assignments (protocol §2.2) for the two classes, and derives what goes with them. Pure but for its randomness. */
import { createHash } from 'node:crypto';

import type { DeviceKind, ManagementNodeRecord } from '@lamplighter/chaincode';
import {
  macEnvelope,
  pskOf,
  signEnvelope,
  vendorKeyAt,
  vendorMacKey,
  type EnvelopeSigner,
  type VendorKey,
} from '@lamplighter/sdk/crypto';
import {
  DEFAULT_SUITES,
  decodeAssignment,
  decodeSigned,
  encodeAssignment,
  encodeChainKey,
  encodeSigned,
  intervalsByStrength,
  type Assignment,
  type ChainKey,
  type Intervals,
} from '@lamplighter/sdk/wire';

import { FORMER_KIDS } from '../exchange/index.ts';
import type { DeviceSecret, StoredAssignment } from './device-secrets.ts';

export interface AssignmentOrder {
  readonly device: DeviceSecret;
  readonly manager: ManagementNodeRecord;
  /** Of the manager's chain for this device and epoch, where it is {@link isChained}. */
  readonly anchor: ChainKey | null;
  readonly intervals: Intervals;
  /** 1 to 8: the manager's own first, then where else a device may ask for its next assignment (§2.3). */
  readonly endpoints: readonly string[];
  /** 16 random bytes. */
  readonly kid: Uint8Array;
  /** Class E: all whose signatures it carries. */
  readonly signers: readonly EnvelopeSigner[];
}

/** Serial and epoch of a device's next assignment: serials begin at 0, epochs at 1, both grow by one. */
export function nextTurn(device: DeviceSecret): {
  readonly serial: number;
  readonly epoch: number;
} {
  const last = device.assignment;
  return last === null
    ? { serial: 0, epoch: 1 }
    : { serial: last.serial + 1, epoch: last.epoch + 1 };
}

/** Suites that a device has when its order names none (§4). */
export function defaultSuites(kind: DeviceKind): readonly number[] {
  return [DEFAULT_SUITES[kind === 'end' ? 0 : 1]];
}

/** Seconds between looks at a device, unless its order says them: the weaker, the shorter (protocol §4, paper 4.2). */
export function intervalsOf(
  kind: DeviceKind,
  order: { readonly suite?: number; readonly chained: boolean } & Partial<Intervals>,
): Intervals {
  const isEndNode = kind === 'end';
  const usual = intervalsByStrength({
    suite: order.suite ?? DEFAULT_SUITES[isEndNode ? 0 : 1],
    class: isEndNode ? 0 : 1,
    mauth: isEndNode ? 1 : order.chained ? 2 : 3,
  });
  const { fti = usual.fti, rti = usual.rti, uti = usual.uti } = order;
  return { fti, rti, uti };
}

/** What a device carries, the one it prefers first. */
export function suitesOf({ suites, kind }: DeviceSecret): readonly number[] {
  return suites ?? defaultSuites(kind);
}

/** The suite of a device's next assignment. */
export function suiteFor(device: DeviceSecret): number {
  const [preferred] = suitesOf(device);
  if (preferred === undefined) throw new RangeError(`device ${device.id} carries no suite`);
  return preferred;
}

/** Whether the manager proves itself by a chain (§3.3): it has no tree, or the device's link is too small for one. */
export function isChained(device: DeviceSecret, manager: ManagementNodeRecord): boolean {
  return device.kind === 'lightweight' && (manager.treeKey === '' || device.chained === true);
}

/** Class E: mauth 1, signed. Class L: mauth 3, or 2 with an anchor, under the device's vendor MAC. */
export function signAssignment(order: AssignmentOrder): StoredAssignment {
  const { device, manager, intervals } = order;
  const { serial, epoch } = nextTurn(device);
  const { anchor } = order;
  const lightweight = device.kind === 'lightweight';
  if (isChained(device, manager) !== (anchor !== null)) {
    throw new TypeError(`expected an anchor for a chain, and only then, device ${device.id}`);
  }
  const assignment: Assignment = {
    version: 1,
    idD: device.id,
    serial,
    op: 0,
    idM: manager.id,
    prevKid: fromHex(device.assignment?.kid ?? ''),
    kid: order.kid,
    suite: suiteFor(device),
    epoch,
    class: lightweight ? 1 : 0,
    ...managerKey(lightweight, manager, anchor),
    dkey: new Uint8Array(0),
    endpoints: order.endpoints,
  };
  return stored(device, assignment, intervals, order.signers);
}

function managerKey(
  lightweight: boolean,
  { signatureKey, treeKey }: ManagementNodeRecord,
  anchor: ChainKey | null,
): Pick<Assignment, 'mauth' | 'mkey'> {
  if (!lightweight) return { mauth: 1, mkey: fromHex(signatureKey) };
  if (anchor === null) return { mauth: 3, mkey: fromHex(treeKey) };
  return { mauth: 2, mkey: encodeChainKey(anchor) };
}

/** §2.3: the end of a device that has an assignment, as the vendor signs it (op 1). @param kid 16 random bytes */
export function signRetirement(
  device: DeviceSecret,
  last: StoredAssignment,
  kid: Uint8Array,
  signers: readonly EnvelopeSigner[],
): StoredAssignment {
  const { fti, rti, uti } = last;
  const assignment: Assignment = {
    ...assignmentIn(last),
    ...nextTurn(device),
    op: 1,
    prevKid: fromHex(last.kid),
    kid,
  };
  return stored(device, assignment, { fti, rti, uti }, signers);
}

/** The device once an assignment of its own stands on the ledger: the kid before it is remembered. */
export function withAssignment(device: DeviceSecret, assignment: StoredAssignment): DeviceSecret {
  return { ...device, assignment, formerKids: formerKidsOf(device, assignment) };
}

/** Kids that the device had before an assignment of its own, hex, newest first, up to {@link FORMER_KIDS}. */
export function formerKidsOf(
  { assignment: standing, formerKids }: DeviceSecret,
  assignment: StoredAssignment,
): readonly string[] {
  if (standing === null) return [];
  // Stores of earlier versions have no list: the assignment names the kid before it.
  const known = formerKids ?? [toHex(assignmentIn(standing).prevKid)].filter((kid) => kid !== '');
  const kids = standing.serial === assignment.serial ? known : [standing.kid, ...known];
  return kids.slice(0, FORMER_KIDS);
}

/** What a stored assignment says. */
export function assignmentIn({ envelope }: Pick<StoredAssignment, 'envelope'>): Assignment {
  return decodeAssignment(decodeSigned(fromHex(envelope)).payload);
}

/** SHA-256 of the payload, hex: AssignmentReference.digest. */
export function digestOf({ envelope }: Pick<StoredAssignment, 'envelope'>): string {
  return createHash('sha256')
    .update(decodeSigned(fromHex(envelope)).payload)
    .digest('hex');
}

function stored(
  device: DeviceSecret,
  assignment: Assignment,
  { fti, rti, uti }: Intervals,
  signers: readonly EnvelopeSigner[],
): StoredAssignment {
  const payload = encodeAssignment(assignment);
  const signed =
    device.kind === 'lightweight'
      ? macEnvelope('assignment', payload, macKeyOf(device))
      : signEnvelope('assignment', payload, ...signers);
  return {
    manager: assignment.idM,
    serial: assignment.serial,
    epoch: assignment.epoch,
    kid: toHex(assignment.kid),
    envelope: toHex(encodeSigned(signed)),
    fti,
    rti,
    uti,
  };
}

/** kvm (§2.1): what a lightweight node checks its vendor by. */
export function macKeyOf(device: DeviceSecret): Uint8Array {
  return vendorMacKey(fromHex(device.kv0), device.id);
}

/** psk of a stored assignment (§2.2): goes to the manager, sealed. */
export function preSharedKeyOf(device: DeviceSecret, assignment: StoredAssignment): Uint8Array {
  const { payload } = decodeSigned(fromHex(assignment.envelope));
  return pskOf(keyAt(device, assignment.serial), payload);
}

/** kv_serial: the vendor keeps kv_0 and steps a copy, by at most the protocol's look-ahead at a time. */
export function keyAt(device: DeviceSecret, serial: number): Uint8Array {
  let held: VendorKey = { kv: fromHex(device.kv0), kvN: 0 };
  while (held.kvN < serial) held = vendorKeyAt(held, Math.min(serial, held.kvN + STEP));
  return held.kv;
}

const STEP = 1_024;

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
