/** A device of class L (docs/protocol.md §2, §3): symmetric primitives and hashes only. */
import { macTrust, verifyUnder } from '../crypto/trusted-keys.ts';
import type { EnvelopeDomain } from '../crypto/trusted-keys.ts';
import { enrolUnder } from '../protocol/enrolment-steps.ts';
import { startHelloWith } from '../protocol/handshake-device-steps.ts';
import { decodeSigned } from '../wire/signed.ts';
import { FMAX_LIGHTWEIGHT } from '../wire/limits.ts';
import { StateFlag } from '../wire/message-types.ts';
import { Device } from './device.ts';
import type { DeviceOptions } from './device.ts';
import type { DeviceClassCode } from './device-class.ts';
import { DeviceError } from './errors.ts';
import type { LightweightIdentity } from './provisioning.ts';

/** What a lightweight end node is started with. */
export type LightweightEndNodeOptions = DeviceOptions<LightweightIdentity>;

/** A lightweight end node that is monitored and updated until it is closed. */
export class LightweightEndNode extends Device {
  private constructor(options: LightweightEndNodeOptions) {
    super(lightweightCode(options), options);
  }

  /**
   * Starts a lightweight end node: it enrols, opens its window and dials.
   *
   * @throws {@link DeviceError} `WRONG_DEVICE_KIND`, {@link ProtocolError} `ENROLMENT_…`, or the signal's reason
   */
  static async start(options: LightweightEndNodeOptions): Promise<LightweightEndNode> {
    return new LightweightEndNode(options).begin();
  }
}

/** What class L does in its own way. */
export function lightweightCode({
  identity,
  trustedTime,
}: LightweightEndNodeOptions): DeviceClassCode {
  // A document parsed at run time may be of the other kind, whatever its type says.
  const kind: string = identity.kind;
  if (kind !== 'lightweight') {
    const message = `expected an identity of kind lightweight, got ${kind}`;
    throw new DeviceError('WRONG_DEVICE_KIND', message);
  }
  const trust = macTrust(identity.vendorMacKey);
  const open = (domain: EnvelopeDomain, signed: Uint8Array): Uint8Array =>
    verifyUnder(domain, decodeSigned(signed), trust);
  return {
    deviceClass: 1,
    fmax: FMAX_LIGHTWEIGHT,
    // §6.8: without a trusted clock it can not see that a release has expired, and says so.
    flags: trustedTime === undefined ? StateFlag.cannotCheckExpiry : 0,
    trustedTime: () => null,
    paths: true,
    trusted: () => ({ roots: null, ledger: null }),
    enrol: (held, envelope, _, idD, lastEpoch) =>
      enrolUnder(
        held,
        envelope,
        {
          open: (signed) => open('assignment', signed),
          isUsableKey: () => false,
          legacy: identity.legacy ?? false,
        },
        idD,
        lastEpoch,
      ),
    startHello: (epoch, random) =>
      startHelloWith(epoch, { nd: random(16), fmax: FMAX_LIGHTWEIGHT }, null),
    openRelease: (signed) => open('release', signed),
    nextRoots: null,
    witness: null,
    managerCheck: () => null,
    challenge: () => new Uint8Array(0),
  };
}
