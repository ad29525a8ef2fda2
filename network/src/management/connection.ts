/**
 * One device's connection: Hello, Accept, Finish (protocol §3), then the frames of its session. What the handshake changes
 * is stored before the frame that depends on it is sent.
 */
import {
  checkHello,
  finishSession,
  prepareAnswer,
  ProtocolError,
  type ChainAlarm,
  type CheckedHello,
  type KidLookup,
  type PendingAccept,
} from '@lamplighter/sdk/protocol';
import { CloseCode, erase, type DeviceState } from '@lamplighter/sdk/wire';
import type { DeviceBudgets } from './device-budgets.ts';
import type { DeviceDatabase, DeviceEntry } from './device-database.ts';
import type { DeviceSocket, SocketHandler } from './device-socket.ts';
import type { EventSink } from './events.ts';
import { countFailedOpening, isFailedOpening } from './failed-openings.ts';
import type { HalfOpenPlace } from './half-open.ts';
import { LiveSession } from './live-session.ts';
import { ManagementError } from './management-error.ts';
import type { Partings } from './partings.ts';
import type { RandomSource } from './random.ts';
import type { Renewals } from './renewals.ts';
import type { Supervisor } from './supervise.ts';
import type { GivenTicket, Tickets } from './tickets.ts';
import type { Trees } from './trees.ts';

/** Hears what a connection becomes. */
export interface ConnectionHost {
  /** Takes a session; called once a connection, `ready` has been sent. */
  sessionStarted(live: LiveSession, state: DeviceState, remote: string): Promise<void>;
  /** Takes a frame of a session. @throws {@link ProtocolError} with the close code */
  sessionFrame(live: LiveSession, frame: Uint8Array): Promise<void>;
  sessionEnded(live: LiveSession, closeCode: number): void;
}

/** What every connection shares. */
export interface ConnectionParts {
  readonly database: DeviceDatabase;
  readonly partings: Partings;
  readonly host: ConnectionHost;
  readonly events: EventSink;
  readonly supervisor: Supervisor;
  readonly renewals: Renewals;
  readonly random: RandomSource;
  /** PU_j's Ed25519 seed. */
  readonly signatureKey: Uint8Array;
  /** Null in a node that proves itself to lightweight devices by chains only. */
  readonly trees: Trees | null;
  readonly tickets: Tickets;
  /** The connection with a half-open handshake, by device: one a kid (§3.1). */
  readonly halfOpen: Map<string, DeviceConnection>;
  readonly budgets: DeviceBudgets;
}

/** Why a connection ended before its session, by close code; a peer that left is not refused. */
const EARLY_ENDS: Readonly<Record<number, string>> = {
  [CloseCode.malformed]: 'HANDSHAKE_LIMITS',
  [CloseCode.deadline]: 'HANDSHAKE_DEADLINE',
  [CloseCode.tooMany]: 'HANDSHAKE_TOO_MANY',
  1002: 'WEBSOCKET_MALFORMED',
  1007: 'WEBSOCKET_MALFORMED',
  1008: 'WEBSOCKET_FRAGMENTS',
  1009: 'WEBSOCKET_TOO_LARGE',
};

type Phase =
  | { readonly kind: 'hello' }
  | { readonly kind: 'answering'; readonly device: string }
  | {
      readonly kind: 'finish';
      readonly device: string;
      readonly pending: PendingAccept;
      /** Sessions resumed in a row, this one among them (§3.5). */
      readonly resumed: number;
    }
  | { readonly kind: 'session'; readonly live: LiveSession }
  | { readonly kind: 'ended' };

/** See the module comment. */
export class DeviceConnection implements SocketHandler {
  readonly #parts: ConnectionParts;
  readonly #socket: DeviceSocket;
  readonly #place: HalfOpenPlace;
  #phase: Phase = { kind: 'hello' };

  constructor(parts: ConnectionParts, socket: DeviceSocket, place: HalfOpenPlace) {
    this.#parts = parts;
    this.#socket = socket;
    this.#place = place;
    socket.attach(this);
  }

  async frame(bytes: Uint8Array): Promise<void> {
    const phase = this.#phase;
    if (phase.kind === 'hello') await this.#hello(bytes);
    else if (phase.kind === 'finish') await this.#finish(phase, bytes);
    else if (phase.kind === 'session') await this.#parts.host.sessionFrame(phase.live, bytes);
  }

  closed(code: number): void {
    const phase = this.#phase;
    this.#leave();
    const reason = EARLY_ENDS[code];
    if (reason !== undefined && phase.kind !== 'session' && phase.kind !== 'ended') {
      const { remote } = this.#socket;
      this.#parts.events.emit({ type: 'connection-refused', remote, closeCode: code, reason });
    }
    if (phase.kind === 'session') {
      phase.live.end();
      this.#parts.host.sessionEnded(phase.live, code);
    }
  }

  failed(error: unknown): void {
    if (error instanceof ProtocolError) {
      this.#abused(error);
      this.#notOpened(error);
      this.#refuse(error.closeCode, error.code);
      return;
    }
    this.#parts.supervisor.report(this.#device(), error);
    this.#end(CloseCode.ownFault);
  }

  /** Who has a device's keys and abuses them is told among no others. */
  #abused(error: ProtocolError): void {
    if (error.code !== 'MESSAGE_TOO_OFTEN') return;
    const { code, message: reason } = error;
    this.#parts.events.emit({ type: 'alarm', device: this.#device(), code, reason });
  }

  /** §5. */
  #notOpened(error: ProtocolError): void {
    const device = this.#device();
    if (device === null || !isFailedOpening(error.code)) return;
    this.#parts.supervisor.run(device, () => countFailedOpening(device, this.#parts));
  }

  /** §3.1: checks in their order, then Accept. */
  async #hello(bytes: Uint8Array): Promise<void> {
    const verdict = checkHello(bytes, this.#lookup);
    switch (verdict.kind) {
      case 'accept':
        await this.#accept(verdict);
        return;
      case 'resync':
        this.#socket.send(verdict.frame);
        this.#refuse(verdict.closeCode, 'HELLO_COUNTER_OLD');
        return;
      case 'notice':
        for (const frame of verdict.frames) this.#socket.send(frame);
        this.#refuse(verdict.closeCode, 'KID_REPLACED');
        return;
      case 'refuse':
        this.#chainAlarm(verdict.device ?? null, verdict.alarm);
        this.#refuse(verdict.closeCode, verdict.reason);
    }
  }

  readonly #lookup: KidLookup = (kid) => {
    const known = this.#parts.database.byKid(kid);
    if (known === undefined) {
      const { database, partings, tickets } = this.#parts;
      const replacedBy = partings.envelopeFor(kid);
      if (replacedBy !== undefined) return { replacedBy };
      return tickets.find(kid, (device) => database.get(device)?.secrets);
    }
    return known.kind === 'current' ? known.entry.secrets : { replacedBy: known.entry.envelope };
  };

  async #accept(checked: CheckedHello): Promise<void> {
    const { database, random, signatureKey, halfOpen } = this.#parts;
    const { idD, class: deviceClass } = checked.epoch.assignment;
    this.#place.keep();
    const entry = database.get(idD);
    // §8, 4423: told only to who has shown the key.
    if (entry === undefined || entry.suspended) {
      this.#refuse(CloseCode.suspended, 'DEVICE_SUSPENDED');
      return;
    }
    if (!this.#mayAnswer(checked)) {
      this.#refuse(CloseCode.tooMany, 'HANDSHAKE_TOO_OFTEN');
      return;
    }
    const keys = deviceClass === 0 ? { ephemeralSecret: random.bytes(32), signatureKey } : {};
    const answer = prepareAnswer(checked, { nm: random.bytes(16), ...keys });
    const resumed = this.#takeTicket(checked);
    // §3.1: answered counter and R are stored, in memory at once, before a leaf is spent and before Accept is sent.
    const stored = database.update(idD, (each) => ({ ...each, secrets: answer.epoch }));
    // §3.1: one half-open handshake a kid, the higher ctr replaces the lower.
    halfOpen.get(idD)?.supersede();
    halfOpen.set(idD, this);
    this.#phase = { kind: 'answering', device: idD };
    this.#chainAlarm(idD, answer.alarm);
    await stored;
    const signature = await this.#signByTree(checked, answer.toSign);
    if (this.#isOver()) return;
    const { frame, pending } = answer.seal(signature);
    this.#phase = { kind: 'finish', device: idD, pending, resumed };
    this.#socket.send(frame);
  }

  /** Superseded by a later Hello, or closed, while a leaf was marked. */
  #isOver(): boolean {
    return this.#phase.kind !== 'answering';
  }

  /** Public-key work and leaves only so often, even for who has the key. */
  #mayAnswer({ epoch }: CheckedHello): boolean {
    const { budgets } = this.#parts;
    const { idD, mauth } = epoch.assignment;
    return budgets.mayConnect(idD) && (mauth !== 3 || budgets.maySpendLeaf(idD));
  }

  /** §3.5: a ticket works once. @returns how many sessions in a row are resumed with this one */
  #takeTicket({ core, rs }: CheckedHello): number {
    if (rs === null) return 0;
    const resumed = (this.#parts.tickets.take(core.kid)?.inARow ?? 0) + 1;
    erase(rs);
    return resumed;
  }

  /** §3.3, mauth 3. @throws {@link ManagementError} TREE_UNKNOWN, TREE_EXHAUSTED */
  async #signByTree(
    { epoch }: CheckedHello,
    toSign: Uint8Array | null,
  ): Promise<Uint8Array | undefined> {
    if (toSign === null) return undefined;
    const { trees, renewals } = this.#parts;
    const { idD, mkey } = epoch.assignment;
    if (trees === null) {
      throw new ManagementError(
        'TREE_UNKNOWN',
        'an assignment names a tree, and this node has none',
      );
    }
    if (trees.isEnding(mkey)) renewals.ask(idD);
    return trees.sign(mkey, toSign);
  }

  /** A later Hello of the same device was answered. */
  supersede(): void {
    this.#refuse(CloseCode.notAuthenticated, 'HANDSHAKE_SUPERSEDED');
  }

  async #finish(
    { device, pending, resumed }: Extract<Phase, { kind: 'finish' }>,
    bytes: Uint8Array,
  ): Promise<void> {
    const { database, host } = this.#parts;
    const entry = database.get(device);
    if (entry === undefined || entry.suspended) {
      this.#refuse(CloseCode.suspended, 'DEVICE_SUSPENDED');
      return;
    }
    const { session, epoch, state, rs } = finishSession(pending, bytes, entry.secrets);
    const stored = await database.update(device, (each) => ({ ...each, secrets: epoch }));
    const live = new LiveSession(stored ?? entry, session, this.#socket, this.#parts.budgets);
    if (!this.#socket.open) {
      live.end();
      return;
    }
    this.#parts.halfOpen.delete(device);
    this.#place.release();
    this.#phase = { kind: 'session', live };
    this.#socket.established(session.fmax);
    live.send({ type: 'ready', flags: 0 });
    if (rs !== null)
      this.#giveTicket(live, { device, kid: epoch.assignment.kid, rs, inARow: resumed });
    await host.sessionStarted(live, state, this.#socket.remote);
  }

  /** §3.5. */
  #giveTicket(live: LiveSession, ticket: GivenTicket): void {
    const given = this.#parts.tickets.give(ticket);
    if (given !== undefined) live.send({ type: 'ticket', ...given });
  }

  /** Ends the connection; the operator hears why, the peer only the code. */
  #refuse(closeCode: number, reason: string): void {
    if (this.#phase.kind === 'ended') return;
    const { remote } = this.#socket;
    this.#parts.events.emit({ type: 'connection-refused', remote, closeCode, reason });
    this.#end(closeCode);
  }

  #end(closeCode: number): void {
    if (this.#phase.kind === 'session') this.#phase.live.close(closeCode);
    else {
      this.#leave();
      this.#socket.close(closeCode);
    }
  }

  #leave(): void {
    const phase = this.#phase;
    const { halfOpen } = this.#parts;
    if (
      (phase.kind === 'finish' || phase.kind === 'answering') &&
      halfOpen.get(phase.device) === this
    ) {
      halfOpen.delete(phase.device);
    }
    if (phase.kind !== 'session' || !this.#socket.open) this.#phase = { kind: 'ended' };
  }

  #device(): string | null {
    const phase = this.#phase;
    if (phase.kind === 'finish' || phase.kind === 'answering') return phase.device;
    return phase.kind === 'session' ? phase.live.device : null;
  }

  #chainAlarm(device: DeviceEntry['id'] | null, alarm: ChainAlarm | undefined): void {
    if (alarm === undefined) return;
    const isEnding = alarm === 'chain-low' || alarm === 'chain-exhausted';
    if (isEnding && device !== null) this.#parts.renewals.ask(device);
    // Few values left is what renewal is for, and no alarm; none left is one.
    if (alarm === 'chain-low') return;
    const code = alarm.toUpperCase().replaceAll('-', '_');
    const reason = 'the chain of this device and the index it told do not go on as usual (§3.3)';
    this.#parts.events.emit({ type: 'alarm', device, code, reason });
  }
}
