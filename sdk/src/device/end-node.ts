/** A device of class E (docs/protocol.md §2, §3): X25519, the manager's Ed25519 signature, the vendor's signatures. */
import { ed25519Verify } from '../crypto/ed25519.ts';
import { openEnvelope } from '../crypto/envelope.ts';
import { enrol } from '../protocol/enrolment.ts';
import { startHello } from '../protocol/handshake-device.ts';
import { nextRoots } from '../protocol/roots-rules.ts';
import { FMAX_END_NODE } from '../wire/limits.ts';
import { decodeRoots } from '../wire/roots.ts';
import { Device } from './device.ts';
import type { DeviceOptions } from './device.ts';
import type { DeviceClassCode } from './device-class.ts';
import { trustOf, trustedAtStart, witnessOf } from './end-node-trust.ts';
import { DeviceError } from './errors.ts';
import type { EndNodeIdentity } from './provisioning.ts';

/** What an end node is started with. */
export interface EndNodeOptions extends DeviceOptions<EndNodeIdentity> {
  /** Own Ed25519 secret key, 32 bytes, when the assignment names its public half. */
  readonly deviceKey?: Uint8Array;
}

/** An end node that is monitored and updated until it is closed. */
export class EndNode extends Device {
  private constructor(options: EndNodeOptions) {
    super(endNodeCode(options), options);
  }

  /**
   * Starts an end node: it enrols, opens its window and dials; {@link Device.on | connected} tells the first session.
   *
   * @example
   * ```ts
   * await using device = await EndNode.start({ identity, firmware, signal });
   * device.on('monitored', ({ n }) => console.log('measured for round', n));
   * await device.once('closed');
   * ```
   * @throws {@link DeviceError} `WRONG_DEVICE_KIND`, {@link ProtocolError} `ENROLMENT_…`, or the signal's reason
   */
  static async start(options: EndNodeOptions): Promise<EndNode> {
    return new EndNode(options).begin();
  }
}

/** What class E does in its own way. */
export function endNodeCode({ identity, deviceKey }: EndNodeOptions): DeviceClassCode {
  // A document parsed at run time may be of the other kind, whatever its type says.
  const kind: string = identity.kind;
  if (kind !== 'end') {
    throw new DeviceError('WRONG_DEVICE_KIND', `expected an identity of kind end, got ${kind}`);
  }
  return {
    deviceClass: 0,
    fmax: FMAX_END_NODE,
    flags: 0,
    trustedTime: () => Math.floor(Date.now() / 1000),
    paths: false,
    trusted: (_, held) => trustedAtStart(identity, held),
    enrol: (held, envelope, roots, idD, lastEpoch) =>
      enrol(held, envelope, trustOf(roots), idD, lastEpoch),
    startHello: (epoch, random, ticket) =>
      startHello(epoch, {
        nd: random(16),
        ephemeralSecret: random(32),
        fmax: FMAX_END_NODE,
        ...(ticket && { ticket }),
      }),
    openRelease: (signed, roots) => openEnvelope('release', signed, trustOf(roots)),
    nextRoots: (envelope, roots) => nextRoots(envelope, decodeRoots(roots)),
    witness: witnessOf(identity),
    managerCheck:
      ({ assignment }) =>
      (message, signature) =>
        ed25519Verify(assignment.mkey, message, signature),
    challenge: (random) => random(32),
    ...(deviceKey === undefined ? {} : { deviceKey }),
  };
}
