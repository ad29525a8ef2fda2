/**
 * How a device takes a new assignment, out of a notice or a push (docs/protocol.md §2.3): verified under the vendor's key,
 * kept beside the old one until the first session under it.
 */
import { ProtocolError } from '../protocol/errors.ts';
import { equalBytes } from '../wire/bytes.ts';
import { WireError } from '../wire/errors.ts';
import { ResultCode } from '../wire/message-types.ts';
import { decodeSigned } from '../wire/signed.ts';
import type { DeviceClassCode } from './device-class.ts';
import type { EmitDeviceEvent } from './device-events.ts';
import type { DeviceMemory } from './device-memory.ts';

/** §2.3: D checks at most one notice in 60 s, and one pushed assignment in a session. */
export const NOTICE_SECONDS = 60;

/** What became of an assignment. */
export type Reassignment =
  | { readonly kind: 'taken' }
  /** The device has it already, and only needs to dial under it. */
  | { readonly kind: 'known' }
  /** The vendor retired the device: the keys are erased. */
  | { readonly kind: 'retired' }
  | { readonly kind: 'refused'; readonly code: number; readonly error: ProtocolError };

/** Takes the `signed` bytes of an assignment for this device. */
export async function takeAssignment(
  envelope: Uint8Array,
  memory: DeviceMemory,
  code: DeviceClassCode,
  emit: EmitDeviceEvent,
): Promise<Reassignment> {
  const { epoch, kv, kvN, roots } = memory.keys;
  const { idD, epoch: number } = epoch.assignment;
  if (isOf(envelope, epoch.payload)) return { kind: 'known' };
  try {
    const enrolled = code.enrol({ kv, kvN }, envelope, roots, idD, number);
    await memory.saveKeys({
      epoch: enrolled.epoch,
      former: epoch,
      kv: enrolled.kv,
      kvN: enrolled.kvN,
    });
    const { assignment } = enrolled.epoch;
    emit('reassigned', { manager: assignment.idM, epoch: assignment.epoch });
    return { kind: 'taken' };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.code === 'ENROLMENT_RETIRED') {
      await memory.eraseKeys();
      emit('retired', { device: idD });
      return { kind: 'retired' };
    }
    return { kind: 'refused', code: refusalCode(error), error };
  }
}

/** The same words need no second signature check. */
function isOf(envelope: Uint8Array, payload: Uint8Array): boolean {
  try {
    return equalBytes(decodeSigned(envelope).payload, payload);
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

function refusalCode(error: ProtocolError): number {
  switch (error.code) {
    case 'ENROLMENT_WRONG_DEVICE':
    case 'ENROLMENT_EPOCH_NOT_NEW':
      return ResultCode.rollbackExpiryOrTarget;
    case 'ENROLMENT_NOT_SUPPORTED':
      return ResultCode.notSupported;
    default:
      return ResultCode.signature;
  }
}
