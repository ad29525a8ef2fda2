/** What a device tells the application that embeds it. */
import type { DroppedResponses, ProofErrorCode } from '../protocol/proof-errors.ts';
import type { Intervals } from '../wire/message-types.ts';

/** Names and payloads of a device's events. */
export interface DeviceEvents {
  /** A session with the manager is complete. */
  readonly connected: { readonly manager: string; readonly url: string };
  /** A session, or an attempt at one, has ended; the device dials again by itself. */
  readonly disconnected: { readonly closeCode: number; readonly retryInSeconds: number };
  /** The firmware was measured for the manager (protocols 1 and 3). */
  readonly monitored: { readonly n: number; readonly seq: number; readonly version: string };
  /** New monitoring and update intervals are in use. */
  readonly intervals: Intervals & { readonly ivn: number };
  /** The manager had no update; `why` as `NoUpdate`. */
  readonly noUpdate: { readonly why: number };
  /** A release passed every check and is being fetched. */
  readonly updateOffered: {
    readonly seq: number;
    readonly version: string;
    readonly size: number;
  };
  /** The ledger says, for a fresh challenge, that this is the newest approved release (0.0 for none). */
  readonly proven: {
    readonly epoch: number;
    readonly gen: number;
    readonly seq: number;
    /** Seconds since 1970; a lower bound. */
    readonly time: number;
  };
  /**
   * An answer of the manager has not proven itself, and nothing was done for it: the third in a row says that somebody keeps
   * the ledger's word from this device.
   */
  readonly unproven: {
    readonly code: ProofErrorCode;
    readonly reason: string;
    /** Responses that did not count, by fault. */
    readonly dropped: DroppedResponses;
    readonly inARow: number;
  };
  /** The validator set that counts has moved. */
  readonly validators: { readonly epoch: number };
  /** The vendor's roots have moved. */
  readonly roots: { readonly gen: number };
  /** A link, a set or roots that the manager pushed were refused. `code` as `ResultCode`. */
  readonly pushRefused: { readonly kind: number; readonly code: number; readonly reason: string };
  /** Bytes of the image that are in the slot. */
  readonly updateProgress: { readonly received: number; readonly size: number };
  /** A release or its image was refused; the device keeps its firmware. `code` as `ResultCode`. */
  readonly updateRefused: { readonly code: number; readonly reason: string };
  /** A new image is whole; the device restarts into its trial. */
  readonly restarting: { readonly seq: number; readonly version: string };
  /** A new image is confirmed. */
  readonly updated: { readonly seq: number; readonly version: string };
  /** A new image failed its trial; the old one runs. */
  readonly fellBack: { readonly seq: number; readonly version: string };
  /** The vendor gave the device a new assignment. */
  readonly reassigned: { readonly manager: string; readonly epoch: number };
  /** The manager asked for silence. */
  readonly suspended: { readonly seconds: number };
  /** The vendor retired the device: its keys are gone and it dials no more. */
  readonly retired: { readonly device: string };
  /** Something went wrong; the device goes on. */
  readonly error: { readonly error: Error };
  /** The end: `close()`, the signal, or retirement. */
  readonly closed: Record<string, never>;
}

/** Emits one event. */
export type EmitDeviceEvent = <Name extends keyof DeviceEvents>(
  name: Name,
  payload: DeviceEvents[Name],
) => void;
