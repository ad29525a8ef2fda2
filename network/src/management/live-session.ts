/** A device that is connected and authenticated: its session of the protocol on its socket. */
import { ProtocolError, type Incoming, type Session } from '@lamplighter/sdk/protocol';
import { suiteOf, type Suite } from '@lamplighter/sdk/crypto';
import { CloseCode, type Message } from '@lamplighter/sdk/wire';
import type { DeviceBudgets } from './device-budgets.ts';
import type { DeviceEntry } from './device-database.ts';
import type { DeviceSocket } from './device-socket.ts';

/** Messages of a device that have the node ask a vendor, or write to the ledger. */
const ACTS: ReadonlySet<string> = new Set(['upd-query', 'done', 'result', 'error', 'proof-want']);

/** Sends and ends; what comes in is dispatched by the connection. */
export class LiveSession {
  /** Device id. */
  readonly device: string;
  readonly model: string;
  /** Of the assignment that the session is under. */
  readonly serial: number;
  readonly lightweight: boolean;
  readonly suite: Suite;
  readonly #session: Session;
  readonly #socket: DeviceSocket;
  readonly #budgets: DeviceBudgets;
  readonly #ended = new AbortController();

  constructor(entry: DeviceEntry, session: Session, socket: DeviceSocket, budgets: DeviceBudgets) {
    this.device = entry.id;
    this.model = entry.model;
    this.serial = entry.serial;
    this.lightweight = entry.kind === 'lightweight';
    this.suite = suiteOf(entry.secrets.assignment.suite);
    this.#session = session;
    this.#socket = socket;
    this.#budgets = budgets;
  }

  /** Hash that binds signatures to this session (§3.2). */
  get h4(): Uint8Array {
    return this.#session.h4;
  }

  /** Largest frame that the device takes. */
  get fmax(): number {
    return this.#session.fmax;
  }

  /** Aborted when the session has ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Seals and sends a message; nothing happens once the session has ended. */
  send(message: Message): void {
    if (this.#ended.signal.aborted || !this.#socket.open) return;
    for (const frame of this.#session.seal(message)) this.#socket.send(frame);
  }

  /**
   * Opens a frame of the device.
   *
   * @throws {@link ProtocolError} with the close code
   */
  open(frame: Uint8Array): Incoming {
    const incoming = this.#session.open(frame);
    if (ACTS.has(incoming.type) && !this.#budgets.mayAct(this.device)) {
      throw new ProtocolError(
        'MESSAGE_TOO_OFTEN',
        CloseCode.tooMany,
        `expected ${incoming.type} and its like less often from ${this.device}`,
      );
    }
    return incoming;
  }

  /** Sends a frame that is sealed already (content, §6.6). */
  sendFrame(frame: Uint8Array): void {
    if (!this.#ended.signal.aborted) this.#socket.send(frame);
  }

  /** So much waits to be sent that {@link drained} is to be waited for. */
  get behind(): boolean {
    return this.#socket.behind;
  }

  /** Resolves when the peer has taken enough for more to be sent, or the session has ended. */
  drained(): Promise<void> {
    return this.#socket.drained();
  }

  /** Ends the session with a close code of protocol §8 and erases its keys. */
  close(code: number): void {
    this.end();
    this.#socket.close(code);
  }

  /** The connection is gone: erases the keys. */
  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#session.dispose();
  }
}
