/** D's side of the handshake with the public-key code of class E (docs/protocol.md §3). */
import { endNodeCode } from '../crypto/end-node-code.ts';
import type { DeviceEpoch } from './epochs.ts';
import {
  startHelloWith,
  type HelloParameters,
  type PendingHello,
} from './handshake-device-steps.ts';

/**
 * Hello for the epoch's present counter: {@link startHelloWith}, for a device of either class.
 *
 * @throws {@link RangeError} as {@link startHelloWith}
 */
export function startHello(
  epoch: DeviceEpoch,
  parameters: HelloParameters,
): { readonly frame: Uint8Array; readonly pending: PendingHello } {
  return startHelloWith(epoch, parameters, endNodeCode);
}
