/** What the parts of a session share: the way out, the way to its end, and the device around it. */
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { Session } from '../protocol/session.ts';
import type { UpdateState } from '../protocol/update-device.ts';
import type { Message } from '../wire/message-types.ts';
import type { DeviceClock } from './clock.ts';
import type { DeviceClassCode } from './device-class.ts';
import type { EmitDeviceEvent } from './device-events.ts';
import type { DeviceMemory } from './device-memory.ts';
import type { HeldTicket } from './held-ticket.ts';
import type { DeviceIdentity } from './provisioning.ts';
import type { RandomBytes } from './randomness.ts';

/** How a session ended, for whoever dials next. */
export type SessionEnd =
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'retired' }
  | { readonly kind: 'reassigned' }
  | { readonly kind: 'suspended'; readonly seconds: number };

/** A session as its parts see it. */
export interface SessionLink {
  readonly session: Session;
  /** The assignment that this session is under. */
  readonly epoch: DeviceEpoch;
  send(message: Message): void;
  /** Closes the connection; the first end stands. */
  end(end: SessionEnd): void;
}

/** The device as the parts of a session see it. */
export interface DeviceServices {
  readonly memory: DeviceMemory;
  readonly identity: DeviceIdentity;
  readonly code: DeviceClassCode;
  readonly clock: DeviceClock;
  readonly random: RandomBytes;
  readonly emit: EmitDeviceEvent;
  /** Seconds since 1970 from a trusted clock, or null (§6.8). */
  readonly trustedTime: () => number | null;
  /** Version of the boot loader (§7.2 key 20). */
  readonly bootloader: number;
  /** §3.5. */
  readonly ticket: HeldTicket;
  /** Queries and offers, over all sessions since the start. */
  readonly updates: { state: UpdateState };
}

/** What a part of a session does with the messages that are its own. */
export type Handlers = {
  readonly [T in Message['type']]?: (
    message: Extract<Message, { readonly type: T }>,
  ) => Promise<void> | void;
};
