/**
 * The provisioning document: all that a device of any make needs to join (docs/provisioning.md). It holds secrets; who
 * writes it to disk does so with mode 0600.
 */
import type { DeviceKind, FirmwareIdentity, ModelRecord } from '@lamplighter/chaincode';
import { encodeRoots, type VendorRoots } from '@lamplighter/sdk/wire';

import { keyAt, macKeyOf } from './assignment.ts';
import type { DeviceSecret, StoredAssignment } from './device-secrets.ts';
import type { ProvisionedLedger } from './provisioned-ledger.ts';
import { VendorError } from './vendor-error.ts';

/** Keys, digests and the envelope are lower-case hex; intervals are seconds. */
export interface Provisioning {
  readonly format: 'lamplighter.provisioning.v1';
  readonly device: string;
  readonly model: string;
  readonly vendor: string;
  readonly kind: DeviceKind;
  /** ws:// or wss:// URL to dial. */
  readonly gateway: string;
  readonly assignment: string;
  readonly kv: string;
  /** Number of that key. */
  readonly kv_n: number;
  /** Ed25519; kind end. */
  readonly vendorKey?: string;
  /** Encoded roots, in place of `vendorKey` after a rotation. */
  readonly vendorRoots?: string;
  /** Whose word end nodes take besides the vendor's; kind end. */
  readonly ledger?: ProvisionedLedger;
  /** kvm; kind lightweight. */
  readonly vendorMacKey?: string;
  /** It may have a weak suite; kind lightweight. */
  readonly legacy?: true;
  /** Absolute path of the factory image. */
  readonly image: string;
  readonly imageSize: number;
  readonly imageSha256: string;
  readonly seq: number;
  readonly gen: number;
  readonly ver: string;
  readonly slotBytes: number;
  readonly component: readonly [string, number];
  readonly fti: number;
  readonly rti: number;
  readonly uti: number;
}

/** The one component that this version updates. */
export const COMPONENT: readonly [string, number] = ['firmware', 0];

export function provisioningOf(parts: {
  readonly device: DeviceSecret;
  readonly assignment: StoredAssignment;
  readonly model: ModelRecord;
  readonly gateway: string | undefined;
  readonly firmware: FirmwareIdentity;
  /** Absolute path. */
  readonly image: string;
  /** The vendor's release key, public. */
  readonly vendorKey: Uint8Array;
  /** Null before the first rotation: the release key is the roots. */
  readonly vendorRoots: VendorRoots | null;
  /** Null for a ledger that proves nothing (yet). */
  readonly ledger: ProvisionedLedger | null;
}): Provisioning {
  const { device, assignment, model, firmware } = parts;
  if (parts.gateway === undefined) {
    throw new VendorError('ASSIGNMENT_UNKNOWN', `the manager of ${device.id} has no endpoint`);
  }
  const trust =
    device.kind === 'end'
      ? {
          ...rootsOf(parts),
          ...(parts.ledger === null ? {} : { ledger: parts.ledger }),
        }
      : {
          vendorMacKey: hex(macKeyOf(device)),
          ...(device.legacy === true ? { legacy: true as const } : {}),
        };
  return {
    format: 'lamplighter.provisioning.v1',
    device: device.id,
    model: model.id,
    vendor: model.vendor,
    kind: device.kind,
    gateway: parts.gateway,
    assignment: assignment.envelope,
    kv: hex(keyAt(device, assignment.serial)),
    kv_n: assignment.serial,
    ...trust,
    image: parts.image,
    imageSize: firmware.size,
    imageSha256: firmware.sha256,
    seq: firmware.sequence,
    gen: firmware.gen,
    ver: firmware.version,
    slotBytes: model.slotBytes,
    component: COMPONENT,
    fti: assignment.fti,
    rti: assignment.rti,
    uti: assignment.uti,
  };
}

/** k of n keys once there was a rotation. */
function rootsOf(parts: {
  readonly vendorKey: Uint8Array;
  readonly vendorRoots: VendorRoots | null;
}): Pick<Provisioning, 'vendorKey' | 'vendorRoots'> {
  const { vendorKey, vendorRoots } = parts;
  if (vendorRoots === null) return { vendorKey: hex(vendorKey) };
  return { vendorRoots: hex(encodeRoots(vendorRoots)) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
