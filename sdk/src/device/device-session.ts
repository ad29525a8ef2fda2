/**
 * One session of a device: hands each message to the part it belongs to, one at a time and in order (docs/protocol.md §6).
 * It ends when the connection does.
 */
import { confirm } from '../firmware/boot-record.ts';
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { Session } from '../protocol/session.ts';
import { beginSession } from '../protocol/window.ts';
import { erase } from '../wire/bytes.ts';
import { SUSPEND_SECONDS_MOST } from '../wire/limits.ts';
import { CloseCode } from '../wire/message-types.ts';
import type { Message } from '../wire/message-types.ts';
import { MonitoringService } from './monitoring-service.ts';
import { PushReceiver } from './push-receiver.ts';
import type { DeviceServices, Handlers, SessionEnd, SessionLink } from './session-link.ts';
import { counted } from './session-opening.ts';
import type { OpenedSession } from './session-opening.ts';
import type { Connection } from './transport.ts';
import { UpdateService } from './update-service.ts';

/** A device's work in one session. */
export class DeviceSession {
  readonly #device: DeviceServices;
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #epoch: DeviceEpoch;
  /** §3.5, until a ticket takes it. */
  #rs: Uint8Array | null;
  readonly #updates: UpdateService;
  readonly #handlers: Handlers;
  #end: SessionEnd | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(connection: Connection, opened: OpenedSession, device: DeviceServices) {
    const { session, epoch, rs } = opened;
    this.#device = device;
    this.#connection = connection;
    this.#session = session;
    this.#epoch = epoch;
    this.#rs = rs;
    const link: SessionLink = {
      session,
      epoch,
      send: (message) => {
        this.#send(message);
      },
      end: (end) => {
        this.#close(end);
      },
    };
    this.#updates = new UpdateService(device, link);
    const push = new PushReceiver(device, link, this.#updates.proofs);
    const { blob: deliver, ...updates } = this.#updates.handlers;
    this.#handlers = {
      ...ownHandlers(link),
      ticket: (given) => {
        this.#keepTicket(given);
      },
      ...new MonitoringService(device, link).handlers,
      ...updates,
      push: ({ ref }) => push.begin(ref),
      blob: (piece) => (push.expects(piece.sha256) ? push.blob(piece) : deliver?.(piece)),
    };
  }

  /** Runs until the session ends. */
  async run(): Promise<SessionEnd> {
    try {
      await this.#enqueue(() => this.#begin());
      while (this.#end === null) {
        const frame = await this.#connection.inbox.next();
        if (frame === null) break;
        await this.#enqueue(() => this.#take(frame));
      }
    } finally {
      await this.#work;
      this.#session.dispose();
      if (this.#rs !== null) erase(this.#rs);
      await this.#updates.proofs.end();
    }
    return this.#end ?? { kind: 'closed', code: this.#connection.inbox.closeCode ?? 1006 };
  }

  /**
   * To be called every second: M too slow, or a query due.
   *
   * @param queried called when a query that was due has left
   */
  tick(queryDue: boolean, queried: () => void): void {
    if (this.#end !== null) return;
    this.#updates.tick();
    if (this.#updates.proofs.overdue) this.#run(() => this.#updates.proofs.giveUp());
    if (!queryDue || !this.#updates.mayQuery) return;
    queried();
    this.#run(() => this.#updates.query());
  }

  /** Work that nobody waits for: what fails is this device's own fault. */
  #run(work: () => Promise<void>): void {
    this.#enqueue(work).catch((error: unknown) => {
      this.#device.emit('error', {
        error: error instanceof Error ? error : new Error(String(error)),
      });
      this.#close({ kind: 'closed', code: CloseCode.ownFault });
    });
  }

  /** Ends the session; {@link run} returns when the work at hand is done. */
  close(code: number): void {
    this.#close({ kind: 'closed', code });
  }

  /** One piece of work after another; none once the session has ended. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(() => (this.#end === null ? work() : undefined));
    this.#work = done.catch(() => undefined);
    return done;
  }

  #close(end: SessionEnd): void {
    this.#end ??= end;
    this.#connection.close(end.kind === 'closed' ? end.code : CloseCode.done);
  }

  #send(message: Message): void {
    if (this.#session.isClosed || this.#connection.inbox.closeCode !== null) return;
    for (const frame of this.#session.seal(message)) this.#connection.send(frame);
  }

  /** What a complete session settles at once. */
  async #begin(): Promise<void> {
    const { memory, emit } = this.#device;
    memory.sessionComplete();
    memory.setWindow(beginSession(memory.window));
    // §2.3: the old assignment is kept until the first session under the new one is complete.
    const underNew = this.#epoch === memory.keys.epoch;
    await memory.saveKeys(underNew ? { former: null } : {});
    // §6.6, step 6: the health check has passed, and this is the complete session with M.
    if (memory.boot.trial?.running) {
      await memory.saveBoot(confirm(memory.boot));
      const { seq, version } = memory.image;
      emit('updated', { seq, version });
    }
    await this.#updates.begin();
  }

  /** §3.5: the first of a session counts. */
  #keepTicket(given: { readonly rid: Uint8Array; readonly ttl: number }): void {
    const { ticket, clock } = this.#device;
    if (this.#rs === null) return;
    ticket.keep({ rs: this.#rs, epoch: this.#epoch.assignment.epoch }, given, clock.now());
    this.#rs = null;
  }

  async #take(frame: Uint8Array): Promise<void> {
    const incoming = await counted(this.#device.memory, () => this.#session.open(frame));
    if (incoming.type === 'content') return this.#updates.content(incoming);
    if (incoming.type === 'extension') return;
    const handler = this.#handlers[incoming.type] as
      ((message: Message) => Promise<void> | void) | undefined;
    // §1: a message of a known type out of order.
    if (handler === undefined) this.#close({ kind: 'closed', code: CloseCode.failed });
    else await handler(incoming);
  }
}

/** What belongs to no protocol of §6. */
function ownHandlers(link: SessionLink): Handlers {
  const done = (): void => {
    // `rekey` and `ready` are the session's own.
  };
  return {
    rekey: done,
    ready: done,
    'close-notify': () => {
      link.end({ kind: 'closed', code: CloseCode.done });
    },
    suspend: ({ seconds }) => {
      link.end({ kind: 'suspended', seconds: Math.min(seconds, SUSPEND_SECONDS_MOST) });
    },
  };
}
