/** What the device's runtime refuses or reports, apart from what the codec and the protocol steps refuse. */
import { CodedError } from '../wire/errors.ts';

export type DeviceErrorCode =
  /** A provisioning document that is not as docs/provisioning.md says. */
  | 'PROVISIONING_INVALID'
  | 'PROVISIONING_NOT_READABLE'
  /** A provisioning document or assignment for the other class of device. */
  | 'WRONG_DEVICE_KIND'
  /** The WebSocket could not be opened. */
  | 'CONNECT_FAILED'
  /** The manager, or the network, was silent for too long. */
  | 'DEADLINE_PASSED'
  /** The connection ended before a session was there. */
  | 'CONNECTION_CLOSED'
  /** More frames than this device had asked for. */
  | 'RECEIVE_QUEUE_FULL'
  /** The application's health check failed or threw. */
  | 'HEALTH_CHECK_FAILED'
  /** No session within the trial of a new image. */
  | 'TRIAL_TIMED_OUT'
  /** A manifest, image or offer was refused; the message says which rule. */
  | 'UPDATE_REFUSED'
  /** `close()` was called, or the signal aborted. */
  | 'DEVICE_CLOSED';

/** An error of a device at run time. */
export class DeviceError extends CodedError<DeviceErrorCode> {
  /** How the connection ended, where there was one. */
  readonly closeCode: number;

  constructor(
    code: DeviceErrorCode,
    message: string,
    options?: ErrorOptions & { readonly closeCode?: number },
  ) {
    super(code, message, options);
    this.closeCode = options?.closeCode ?? BROKEN;
  }
}

/** The code of a WebSocket that ended without one. */
const BROKEN = 1006;
