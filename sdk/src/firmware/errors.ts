/** What a device's stores refuse. */
import { CodedError } from '../wire/errors.ts';

export type StoreErrorCode =
  /** A record's bytes are not those that were written. */
  | 'RECORD_DAMAGED'
  /** A record of another version of this format. */
  | 'RECORD_VERSION'
  /** Another process, or another device of this one, has the directory. */
  | 'STORE_IN_USE'
  /** The vendor retired the device (docs/protocol.md §2.3): there are no keys any more. */
  | 'DEVICE_RETIRED';

/** An error of a device's store. */
export class StoreError extends CodedError<StoreErrorCode> {}

/** §2.3, retire: what a key store says from then on. */
export function retired(): StoreError {
  return new StoreError('DEVICE_RETIRED', 'the vendor retired this device; its keys are erased');
}
