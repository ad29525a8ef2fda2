/** The SDK's own devices, started as a city provisioned them. */
import {
  EndNode,
  fastRetry,
  LightweightEndNode,
  MemoryFirmwareStore,
  type DeviceOptions,
  type EndNodeIdentity,
} from '@lamplighter/sdk';
import type { TestCity } from './test-city.ts';
import type { TestDevice } from './test-device.ts';

const SLOT_BYTES = 262_144;

function common(
  city: TestCity,
  device: TestDevice,
  slotBytes: number,
): Omit<EndNodeIdentity, 'kind' | 'vendorKey'> {
  return {
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
    slotBytes,
    component: ['firmware', 0],
    intervals: { fti: 10, rti: 2, uti: 3_600 },
  };
}

/** @param change `image`: what its slot holds (default: what it should hold); `slotBytes`: room for it */
export async function startDevice(
  city: TestCity,
  device: TestDevice,
  kind: 'end' | 'lightweight',
  change: Partial<Omit<DeviceOptions, 'identity'>> & {
    readonly image?: Uint8Array;
    readonly slotBytes?: number;
  } = {},
): Promise<EndNode | LightweightEndNode> {
  const { image: bytes = device.image, slotBytes = SLOT_BYTES, ...options } = change;
  const factory = { bytes, gen: 1, seq: 1, version: '1.0.1' };
  const firmware = new MemoryFirmwareStore(factory, slotBytes);
  const parts = { firmware, retry: fastRetry, ...options };
  const identityOfBoth = common(city, device, slotBytes);
  if (kind === 'end') {
    const vendorKey = city.vendor.signer.publicKey;
    return EndNode.start({ identity: { ...identityOfBoth, kind, vendorKey }, ...parts });
  }
  const { legacy } = city.ledger.devices.get(device.id)!;
  const identity = { ...identityOfBoth, kind, vendorMacKey: device.kvm, legacy } as const;
  return LightweightEndNode.start({ identity, ...parts });
}
