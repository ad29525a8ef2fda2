/** Devices of both classes that keep every rule: the SDK's own, against a management node with a ledger in memory. */
import {
  EndNode,
  fastRetry,
  LightweightEndNode,
  MemoryFirmwareStore,
  type DeviceOptions,
  type EndNodeIdentity,
} from '@lamplighter/sdk';
import type { TestCity } from '../network/management/support/test-city.ts';
import type { TestDevice } from '../network/management/support/test-device.ts';

export type GoodDevice = EndNode | LightweightEndNode;

const SLOT_BYTES = 65_536;

/** What may be other than usual. */
export type GoodDeviceOptions = Pick<DeviceOptions, 'keys' | 'clock'>;

/** Provisions and starts a device; every second one is lightweight. */
export async function startGoodDevice(
  city: TestCity,
  index: number,
  options: GoodDeviceOptions = {},
): Promise<GoodDevice> {
  const kind = index % 2 === 0 ? 'end' : 'lightweight';
  const device = await city.device(kind);
  return start(city, device, kind, options);
}

async function start(
  city: TestCity,
  device: TestDevice,
  kind: 'end' | 'lightweight',
  options: GoodDeviceOptions,
): Promise<GoodDevice> {
  const more = { ...options, retry: fastRetry };
  const factory = { bytes: device.image, gen: 1, seq: 1, version: '1.0.1' };
  const firmware = new MemoryFirmwareStore(factory, SLOT_BYTES);
  const common: Omit<EndNodeIdentity, 'kind' | 'vendorKey'> = {
    device: device.id,
    model: city.ledger.devices.get(device.id)!.model,
    vendor: 'northlight',
    gateway: city.url,
    assignment: device.envelope,
    kv: device.kv0,
    kvN: 0,
    image: '/factory.bin',
    imageSize: device.image.length,
    imageSha256: device.state.sha256,
    seq: 1,
    gen: 1,
    version: '1.0.1',
    slotBytes: SLOT_BYTES,
    component: ['firmware', 0],
    intervals: { fti: 10, rti: 2, uti: 3_600 },
  };
  if (kind === 'end') {
    const vendorKey = city.vendor.signer.publicKey;
    return EndNode.start({ identity: { ...common, kind, vendorKey }, firmware, ...more });
  }
  const vendorMacKey = device.kvm;
  const identity = { ...common, kind, vendorMacKey } as const;
  return LightweightEndNode.start({ identity, firmware, ...more });
}
