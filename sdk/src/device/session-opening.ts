/** D's handshake over a connection (docs/protocol.md §3): from the dial to an opened `ready`, a resync or a notice. */
import { decodeFrame } from '../wire/frames.ts';
import type { NoticeFrame } from '../wire/frames.ts';
import { HANDSHAKE_FRAME_BYTES, HANDSHAKE_SECONDS } from '../wire/limits.ts';
import { CloseCode } from '../wire/message-types.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { acceptResync, acceptSession, stepCounter } from '../protocol/handshake-device-steps.ts';
import type { PendingHello } from '../protocol/handshake-device-steps.ts';
import { attempt, malformed } from '../protocol/handshake-common.ts';
import { NoticeAssembly } from '../protocol/notice.ts';
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { Session } from '../protocol/session.ts';
import type { DeviceClassCode } from './device-class.ts';
import type { DeviceClock } from './clock.ts';
import type { DeviceMemory } from './device-memory.ts';
import { DeviceError } from './errors.ts';
import type { HeldTicket } from './held-ticket.ts';
import type { RandomBytes } from './randomness.ts';
import type { Connection } from './transport.ts';

/** A complete session and the assignment it is under. */
export interface OpenedSession {
  readonly session: Session;
  readonly epoch: DeviceEpoch;
  /** Of use with a ticket (§3.5); null for class L. */
  readonly rs: Uint8Array | null;
}

/** How a Hello was answered. */
export type Opening =
  | ({ readonly kind: 'session' } & OpenedSession)
  | { readonly kind: 'resync' }
  /** The `signed` bytes of a newer assignment, not verified yet. */
  | { readonly kind: 'notice'; readonly envelope: Uint8Array };

/** Which of the two assignments a Hello is for (§2.3). */
export type EpochSlot = 'epoch' | 'former';

/** What an opening works with. */
export interface OpeningParts {
  readonly memory: DeviceMemory;
  readonly code: DeviceClassCode;
  readonly clock: DeviceClock;
  readonly random: RandomBytes;
  /** §3.5. */
  readonly ticket: HeldTicket;
}

/**
 * Shakes hands on a new connection and closes it unless a session comes of it.
 *
 * @throws {@link ProtocolError} for an answer that is not right, {@link DeviceError} `CONNECTION_CLOSED` or
 * `DEADLINE_PASSED` for none
 */
export async function openSession(
  connection: Connection,
  parts: OpeningParts,
  slot: EpochSlot,
): Promise<Opening> {
  const cancel = parts.clock.schedule(HANDSHAKE_SECONDS, () => {
    connection.close(CloseCode.deadline);
  });
  try {
    const opening = await shakeHands(connection, parts, slot);
    if (opening.kind !== 'session') connection.close(CloseCode.done);
    return opening;
  } catch (error) {
    connection.close(error instanceof ProtocolError ? error.closeCode : CloseCode.ownFault);
    throw error;
  } finally {
    cancel();
  }
}

async function shakeHands(
  connection: Connection,
  parts: OpeningParts,
  slot: EpochSlot,
): Promise<Opening> {
  const { memory, code, clock, random } = parts;
  // §2.1: ctr is stored before Hello leaves.
  const epoch = stepCounter(epochOf(memory, slot));
  await memory.saveKeys({ [slot]: epoch });
  const ticket = parts.ticket.take(epoch.assignment.epoch, clock.now());
  const { frame, pending } = code.startHello(epoch, random, ticket);
  connection.send(frame);
  const answer = await new HandshakeInbox(connection).answer();
  if (answer.kind === 'notice') return answer;
  if (answer.kind === 'resync') {
    const { resync } = memory.keys;
    await memory.saveKeys({ [slot]: acceptResync(pending, answer.frame), resync: resync + 1 });
    return { kind: 'resync' };
  }
  const { session, rs } = await accept(connection, parts, slot, { pending, frame: answer.frame });
  await awaitReady(connection, session, memory);
  return { kind: 'session', session, rs, epoch: epochOf(memory, slot) };
}

function epochOf(memory: DeviceMemory, slot: EpochSlot): DeviceEpoch {
  const epoch = memory.keys[slot];
  if (epoch === null) throw new RangeError('expected an assignment to dial with, found none');
  return epoch;
}

async function accept(
  connection: Connection,
  { memory, code }: OpeningParts,
  slot: EpochSlot,
  answer: { readonly pending: PendingHello; readonly frame: Uint8Array },
): Promise<Pick<OpenedSession, 'session' | 'rs'>> {
  const { pending, frame } = answer;
  memory.expectSession();
  const accepted = await counted(memory, () =>
    acceptSession(pending, frame, memory.state(), code.deviceKey),
  );
  // §2.1: the chain index is stored before Finish leaves.
  const skipped = memory.keys.skipped + accepted.skipped;
  await memory.saveKeys({ [slot]: accepted.epoch, skipped });
  connection.send(accepted.frame);
  return accepted;
}

/** §5: D's session is complete when `ready` opens. */
async function awaitReady(
  connection: Connection,
  session: Session,
  memory: DeviceMemory,
): Promise<void> {
  const frame = await connection.inbox.next();
  if (frame === null) throw closed(connection);
  await counted(memory, () => session.open(frame));
}

/** §6.1: `badauth` counts Accepts and records that did not open. */
export async function counted<T>(memory: DeviceMemory, step: () => T): Promise<T> {
  try {
    return step();
  } catch (error) {
    if (error instanceof ProtocolError && error.closeCode !== CloseCode.malformed) {
      await memory.saveKeys({ badauth: memory.keys.badauth + 1 });
    }
    throw error;
  }
}

/** Why a connection that should have gone on did not. */
export function closed(connection: Connection): DeviceError {
  const closeCode = connection.inbox.closeCode ?? CloseCode.done;
  const name = closeCode === CloseCode.deadline ? 'DEADLINE_PASSED' : 'CONNECTION_CLOSED';
  return new DeviceError(name, `the connection was closed with ${closeCode}`, { closeCode });
}

/** The frames before a session, within the limits of §1: one answer, or the pieces of one notice. */
class HandshakeInbox {
  readonly #connection: Connection;
  readonly #notice = new NoticeAssembly();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async answer(): Promise<
    | { readonly kind: 'accept' | 'resync'; readonly frame: Uint8Array }
    | { readonly kind: 'notice'; readonly envelope: Uint8Array }
  > {
    for (;;) {
      const bytes = await this.#connection.inbox.next();
      if (bytes === null) throw closed(this.#connection);
      const frame = this.#decode(bytes);
      if (frame.type === 'notice') {
        const envelope = this.#notice.add(frame);
        if (envelope !== undefined) return { kind: 'notice', envelope };
      } else {
        return { kind: frame.type, frame: bytes };
      }
    }
  }

  #decode(bytes: Uint8Array): NoticeFrame | { readonly type: 'accept' | 'resync' } {
    if (bytes.length > HANDSHAKE_FRAME_BYTES) {
      malformed('FRAME_TOO_LARGE', `expected at most 4096 bytes, got ${bytes.length}`);
    }
    const frame = attempt(
      () => decodeFrame(bytes),
      (cause) => malformed('FRAME_MALFORMED', cause.message, cause),
    );
    const { type } = frame;
    if (type === 'notice' || type === 'accept' || type === 'resync') return frame;
    malformed('FRAME_UNEXPECTED', `expected accept, resync or notice, got ${type}`);
  }
}
