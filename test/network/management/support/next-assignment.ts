/** What the vendor of a test city does with a device later on: a new assignment, to this node or another, or the last one. */
import { createHash, randomBytes } from 'node:crypto';
import { macEnvelope, pskOf, signEnvelope, vendorKeyAt } from '@lamplighter/sdk/crypto';
import { enrol, type DeviceEpoch } from '@lamplighter/sdk/protocol';
import { encodeAssignment, encodeSigned, type Assignment } from '@lamplighter/sdk/wire';
import { sealHandOver } from '../../../../network/src/exchange/index.ts';
import { MANAGER, type TestCity } from './test-city.ts';
import type { TestDevice } from './test-device.ts';
import { VENDOR } from './test-vendor.ts';

export interface NextAssignment {
  readonly assignment: Assignment;
  /** The `signed` bytes. */
  readonly envelope: Uint8Array;
  /** What the device makes of it; null when it retires the device. */
  readonly epoch: DeviceEpoch | null;
}

/**
 * Signs the next assignment of a device, one serial and epoch on, puts it on the ledger and at the vendor, and lets the node
 * hear of it. @param change op 1 retires; another idM is another manager
 */
export async function assignNext(
  city: TestCity,
  device: TestDevice,
  change: Partial<Assignment> = {},
  formerKids: readonly Uint8Array[] = [],
): Promise<NextAssignment> {
  const record = city.ledger.devices.get(device.id)!;
  const before = device.epoch.assignment;
  const serial = change.serial ?? record.assignment!.serial + 1;
  const assignment: Assignment = {
    ...before,
    serial,
    epoch: serial + 1,
    prevKid: before.kid,
    kid: new Uint8Array(randomBytes(16)),
    mkey: before.class === 1 ? await city.chain(device.id, serial + 1) : before.mkey,
    ...change,
  };
  const payload = encodeAssignment(assignment);
  const envelope = encodeSigned(
    before.class === 1
      ? macEnvelope('assignment', payload, device.kvm)
      : signEnvelope('assignment', payload, city.vendor.signer),
  );
  const { kv } = vendorKeyAt({ kv: device.kv0, kvN: 0 }, serial);
  const path = `/v1/assignments/${device.id}/${String(serial)}`;
  const handOver = { envelope, psk: pskOf(kv, payload), fti: 10, rti: 2, uti: 15, formerKids };
  const keys = { sealingKey: city.vendor.sealingKey, releaseKey: city.vendor.seed };
  const subject = { vendor: VENDOR, manager: MANAGER, device: device.id, serial };
  city.vendor.files.set(path, await sealHandOver(subject, handOver, keys));
  city.vendor.files.set(`${path}/envelope`, envelope);
  city.ledger.devices.set(device.id, {
    ...record,
    state: assignment.op === 1 ? 'retired' : 'assigned',
    assignment: {
      ...record.assignment!,
      manager: assignment.idM,
      serial,
      epoch: assignment.epoch,
      digest: createHash('sha256').update(payload).digest('hex'),
    },
  });
  if (assignment.op === 1) {
    city.ledger.emit('DeviceRetired', { device: device.id, manager: MANAGER });
    return { assignment, envelope, epoch: null };
  }
  const previousManager = record.assignment!.manager;
  const event = { device: device.id, vendor: VENDOR, manager: assignment.idM, serial };
  city.ledger.emit('DeviceAssigned', { ...event, previousManager });
  return { assignment, envelope, epoch: epochOf(city, device, envelope) };
}

/** The device takes an assignment, whatever it missed before. */
export function epochOf(city: TestCity, device: TestDevice, envelope: Uint8Array): DeviceEpoch {
  const trust =
    device.epoch.assignment.class === 1
      ? ({ kind: 'mac', kvm: device.kvm } as const)
      : ({ kind: 'signature', threshold: 1, keys: [city.vendor.signer.publicKey] } as const);
  return enrol({ kv: device.kv0, kvN: 0 }, envelope, trust, device.id).epoch;
}
