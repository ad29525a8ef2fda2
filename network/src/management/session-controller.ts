/** Every session of the node: enters and leaves the table, and brings each message to the protocol it belongs to. */
import { ProtocolError } from '@lamplighter/sdk/protocol';
import { CloseCode, ResultCode, type DeviceState, type Message } from '@lamplighter/sdk/wire';
import type { ConnectionHost } from './connection.ts';
import type { Deliveries } from './deliveries.ts';
import type { EventSink } from './events.ts';
import type { LiveSession } from './live-session.ts';
import type { Monitoring } from './monitoring.ts';
import type { DeviceProofs } from './proofs/device-proofs.ts';
import type { Pushes } from './pushes.ts';
import type { SessionTable } from './session-table.ts';
import type { Supervisor } from './supervise.ts';
import type { Updates } from './updates.ts';

/** The protocols, and what they share. */
export interface SessionControllerParts {
  readonly sessions: SessionTable;
  readonly monitoring: Monitoring;
  readonly updates: Updates;
  readonly deliveries: Deliveries;
  readonly proofs: DeviceProofs | null;
  readonly pushes: Pushes;
  readonly events: EventSink;
  readonly supervisor: Supervisor;
}

/** {@link ConnectionHost} of a management node. */
export class SessionController implements ConnectionHost {
  readonly #parts: SessionControllerParts;

  constructor(parts: SessionControllerParts) {
    this.#parts = parts;
  }

  async sessionStarted(live: LiveSession, state: DeviceState, remote: string): Promise<void> {
    const { sessions, events, monitoring, updates, supervisor } = this.#parts;
    // §8: one session a device, the newest wins.
    const older = sessions.enter(live);
    if (older !== undefined) {
      monitoring.sessionEnded(older);
      older.close(CloseCode.tooMany);
    }
    events.emit({ type: 'device-connected', device: live.device, remote });
    await monitoring.sessionStarted(live, state);
    // Fetching an envelope from a vendor must not hold up the device's frames.
    supervisor.run(live.device, () => updates.sessionStarted(live, state));
  }

  async sessionFrame(live: LiveSession, frame: Uint8Array): Promise<void> {
    const incoming = live.open(frame);
    // A chunk never comes from a device (the session refuses it), and unknown extensions are passed over (§1).
    if (incoming.type === 'content' || incoming.type === 'extension') return;
    await this.#message(live, incoming);
  }

  sessionEnded(live: LiveSession, closeCode: number): void {
    const { sessions, monitoring, events } = this.#parts;
    monitoring.sessionEnded(live);
    sessions.leave(live);
    events.emit({ type: 'device-disconnected', device: live.device, closeCode });
  }

  async #message(live: LiveSession, message: Message): Promise<void> {
    const { monitoring, updates, deliveries, proofs, supervisor } = this.#parts;
    switch (message.type) {
      case 'mon-ans':
        await monitoring.answered(live, message);
        return;
      case 'mon-ack':
        await monitoring.acknowledged(live, message);
        return;
      case 'upd-query':
        supervisor.run(live.device, () => updates.queried(live, message));
        return;
      case 'want':
        if (proofs?.wanted(live, message) !== true) deliveries.wanted(live, message);
        return;
      case 'proof-want':
        supervisor.run(live.device, () => updates.proofWanted(live, message.challenge));
        return;
      case 'done':
        this.#over(live, message);
        await updates.delivered(live, message);
        return;
      case 'result':
        await updates.resulted(live, message);
        return;
      default:
        await this.#other(live, message);
    }
  }

  /** A small object is kept until the device has done with it; a proof set that did not win there needs the vendor's help. */
  #over(live: LiveSession, { sha256, code }: Extract<Message, { type: 'done' }>): void {
    const { deliveries, updates, supervisor } = this.#parts;
    const wasKept = deliveries.forget(live, sha256);
    if (wasKept && code === ResultCode.proofsMissingOrStale) {
      supervisor.run(live.device, () => updates.unproven(live));
    }
  }

  async #other(live: LiveSession, message: Message): Promise<void> {
    switch (message.type) {
      case 'blob':
        await this.#parts.monitoring.shown(live, message);
        return;
      case 'error':
        await this.#parts.monitoring.refused(live, message);
        await this.#parts.updates.refused(live, message);
        return;
      case 'push-ack':
        this.#parts.pushes.acknowledged(live, message);
        return;
      case 'rekey':
        // The session has moved to the next key already.
        return;
      case 'close-notify':
        live.close(CloseCode.done);
        return;
      default:
        throw new ProtocolError(
          'MESSAGE_OUT_OF_ORDER',
          CloseCode.failed,
          `expected no ${message.type} from a device now`,
        );
    }
  }
}
