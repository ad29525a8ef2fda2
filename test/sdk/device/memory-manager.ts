/** A manager in memory: both ends of real sessions, without sockets. What it sends is up to the test. */
import {
  ManagerDelivery,
  buildRequest,
  checkHello,
  finishSession,
  prepareAnswer,
} from '@lamplighter/sdk/protocol';
import type {
  BlobObject,
  ImageObject,
  ManagedEpoch,
  MonitoringRound,
  PendingAccept,
  Session,
} from '@lamplighter/sdk/protocol';
import { ed25519Sign, suiteOf } from '@lamplighter/sdk/crypto';
import { toHex } from '@lamplighter/sdk/wire';
import type { DeviceState, Intervals, Message } from '@lamplighter/sdk/wire';
import { Inbox } from '@lamplighter/sdk';
import type { Connection, Transport } from '@lamplighter/sdk';
import { MANAGER_SECRET, filled } from '../protocol/session-fixture.ts';
import { settle } from './virtual-clock.ts';

type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;

/** The manager's end of one connection. */
export interface Line {
  readonly url: string;
  readonly inbox: Inbox;
  /** Close codes given by the device. */
  readonly closedByDevice: number[];
  pending: PendingAccept | null;
  session: Session | null;
  state: DeviceState | null;
}

export class MemoryManager {
  readonly lines: Line[] = [];
  readonly received: Message[] = [];
  readonly objects = new Map<string, BlobObject | ImageObject>();
  /** Changes a frame on its way to the device; null drops it. */
  tamper: (frame: Uint8Array) => Uint8Array | null = (frame) => frame;
  /** Proof by a tree (§3.3, mauth 3). */
  treeSign: ((message: Uint8Array) => Uint8Array) | null = null;
  /** False: nobody answers. */
  reachable = true;
  /** Answers a Hello in place of the handshake. */
  onHello: ((line: Line, frame: Uint8Array) => boolean) | null = null;
  /** Sees each message of a session. True: the manager does nothing about it itself. */
  onMessage: ((message: Message) => boolean) | null = null;
  epoch: ManagedEpoch;
  /** The last frame of a session that the device sent. */
  echo: Uint8Array | null = null;
  #n = 0;
  #delivery: ManagerDelivery | null = null;

  constructor(epoch: ManagedEpoch) {
    this.epoch = epoch;
  }

  get line(): Line {
    const line = this.lines.at(-1);
    if (line === undefined) throw new Error('expected a connection');
    return line;
  }

  get session(): Session {
    const { session } = this.line;
    if (session === null) throw new Error('expected a session');
    return session;
  }

  readonly transport: Transport = (url) => {
    if (!this.reachable) return Promise.reject(new Error('unreachable'));
    const line: Line = {
      url,
      inbox: new Inbox(),
      closedByDevice: [],
      pending: null,
      session: null,
      state: null,
    };
    this.lines.push(line);
    const connection: Connection = {
      inbox: line.inbox,
      send: (frame) => {
        if (line.inbox.closeCode === null) this.#take(line, frame);
      },
      close: (code) => {
        if (line.inbox.closeCode === null) line.closedByDevice.push(code);
        line.inbox.end(code);
      },
    };
    return Promise.resolve(connection);
  };

  /** Sends a message in the newest session, and lets the device work. */
  async send(message: Message): Promise<void> {
    for (const frame of this.session.seal(message)) this.push(frame);
    await settle();
  }

  /** Sends a frame as it is. */
  push(frame: Uint8Array): void {
    const changed = this.tamper(frame);
    if (changed !== null) this.line.inbox.push(changed);
  }

  /** The manager drops the connection. */
  async drop(code: number): Promise<void> {
    this.line.inbox.end(code);
    await settle();
  }

  /** Monitoring, step 2, with a fresh n unless one is given. */
  async ask(
    intervals: Intervals,
    options: { n?: number; r?: Uint8Array; full?: boolean } = {},
  ): Promise<MonitoringRound> {
    this.#n = options.n ?? this.#n + 1;
    const { assignment } = this.epoch;
    const sign =
      assignment.class === 0
        ? (message: Uint8Array): Uint8Array => ed25519Sign(MANAGER_SECRET, message)
        : null;
    const { request, round } = buildRequest({
      suite: suiteOf(assignment.suite),
      h4: this.session.h4,
      idM: assignment.idM,
      idD: assignment.idD,
      n: this.#n,
      r: options.r ?? filled(this.#n % 256),
      intervals,
      full: options.full ?? false,
      sign,
    });
    await this.send(request);
    return round;
  }

  /** Messages of one type so far. */
  all<T extends Message['type']>(type: T): MessageOf<T>[] {
    return this.received.filter((message): message is MessageOf<T> => message.type === type);
  }

  /** The newest message of one type. */
  last<T extends Message['type']>(type: T): MessageOf<T> {
    const message = this.all(type).at(-1);
    if (message === undefined) throw new Error(`expected a ${type}, got none`);
    return message;
  }

  #take(line: Line, frame: Uint8Array): void {
    if (line.session !== null) {
      this.echo = frame;
      const incoming = line.session.open(frame);
      if (incoming.type === 'content' || incoming.type === 'extension') throw new Error('from D');
      this.received.push(incoming);
      if (this.onMessage?.(incoming)) return;
      if (incoming.type === 'want') void this.#serve(line, incoming);
    } else if (line.pending === null) this.#hello(line, frame);
    else this.#finish(line, frame);
  }

  #hello(line: Line, frame: Uint8Array): void {
    if (this.onHello?.(line, frame)) return;
    const verdict = checkHello(frame, (kid) =>
      toHex(kid) === toHex(this.epoch.assignment.kid) ? this.epoch : undefined,
    );
    if (verdict.kind === 'resync') line.inbox.push(verdict.frame);
    if (verdict.kind !== 'accept') {
      line.inbox.end(verdict.closeCode);
      return;
    }
    const prepared = prepareAnswer(verdict, {
      nm: filled(0x21, 16),
      ephemeralSecret: filled(0x22),
      signatureKey: MANAGER_SECRET,
    });
    this.epoch = prepared.epoch;
    const { toSign } = prepared;
    const answered = prepared.seal(toSign === null ? undefined : this.treeSign?.(toSign));
    line.pending = answered.pending;
    const changed = this.tamper(answered.frame);
    if (changed !== null) line.inbox.push(changed);
  }

  #finish(line: Line, frame: Uint8Array): void {
    if (line.pending === null) return;
    const { session, epoch, state } = finishSession(line.pending, frame, this.epoch);
    this.epoch = epoch;
    line.session = session;
    line.state = state;
    this.#delivery = new ManagerDelivery(
      (sha256) => this.objects.get(toHex(sha256)) ?? null,
      session.fmax,
    );
    for (const ready of session.seal({ type: 'ready', flags: 0 })) line.inbox.push(ready);
  }

  async #serve(line: Line, want: MessageOf<'want'>): Promise<void> {
    for await (const output of this.#delivery?.serve(want) ?? []) {
      if (line.inbox.closeCode !== null || line.session === null) return;
      const frames = output.kind === 'frame' ? [output.frame] : line.session.seal(output.message);
      for (const frame of frames) {
        const changed = this.tamper(frame);
        if (changed !== null) line.inbox.push(changed);
      }
    }
  }
}
