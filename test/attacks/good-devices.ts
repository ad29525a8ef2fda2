/** Devices of both classes that keep every rule: the SDK's own, against a management node with a ledger in memory. */
import type { DeviceOptions, EndNode, LightweightEndNode } from '@lamplighter/sdk';
import { startDevice } from '../network/management/support/real-device.ts';
import type { TestCity } from '../network/management/support/test-city.ts';

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
  return startDevice(city, device, kind, { ...options, slotBytes: SLOT_BYTES });
}
