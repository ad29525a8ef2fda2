/** The first start of a device: enrolment from the provisioning document (docs/protocol.md §2.2). */
import type { DeviceRecord, KeyStore } from '../firmware/key-store.ts';
import { newWindow } from '../protocol/window.ts';
import type { DeviceClassCode } from './device-class.ts';
import { DeviceError } from './errors.ts';
import type { DeviceIdentity } from './provisioning.ts';

/**
 * Takes the first assignment and stores what comes of it.
 *
 * @throws {@link ProtocolError} `ENROLMENT_…` for an assignment that this device does not take
 * @throws {@link DeviceError} `WRONG_DEVICE_KIND` for one of the other class
 */
export async function firstRecord(
  code: DeviceClassCode,
  identity: DeviceIdentity,
  keys: KeyStore,
): Promise<DeviceRecord> {
  const { kv, kvN, assignment, device, intervals } = identity;
  const trusted = code.trusted(identity, null);
  const enrolled = code.enrol({ kv, kvN }, assignment, trusted.roots, device);
  if (enrolled.epoch.assignment.class !== code.deviceClass) {
    throw new DeviceError(
      'WRONG_DEVICE_KIND',
      `expected an assignment of class ${code.deviceClass}, got ${enrolled.epoch.assignment.class}`,
    );
  }
  const record: DeviceRecord = {
    epoch: enrolled.epoch,
    former: null,
    kv: enrolled.kv,
    kvN: enrolled.kvN,
    window: newWindow(intervals),
    badauth: 0,
    resync: 0,
    skipped: 0,
    silentUntil: 0,
    ...trusted,
  };
  await keys.save(record);
  return record;
}
