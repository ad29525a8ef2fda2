/** A device that a test moves by hand, frame by frame: the SDK's handshake and session over a plain WebSocket. */
import { randomBytes } from 'node:crypto';
import { WebSocket, type ClientOptions } from 'ws';
import {
  acceptSession,
  startHello,
  stepCounter,
  type DeviceEpoch,
  type Session,
} from '@lamplighter/sdk/protocol';
import type { DeviceState, Message } from '@lamplighter/sdk/wire';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** One connection. */
export class Line {
  readonly #socket: WebSocket;
  readonly #frames: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  /** The close code, once closed. */
  readonly closed: Promise<number>;
  #code: number | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#frames.push(new Uint8Array(data));
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.#code = code;
        this.#wake();
        resolve(code);
      });
    });
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  static async dial(url: string, options: ClientOptions = {}): Promise<Line> {
    const socket = new WebSocket(url, ['lamplighter.v1'], { perMessageDeflate: false, ...options });
    const line = new Line(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return line;
  }

  send(data: Uint8Array | string, options: { readonly fin?: boolean } = {}): void {
    this.#socket.send(data, { binary: typeof data !== 'string', ...options });
  }

  ping(): void {
    this.#socket.ping();
  }

  /** The next frame; fails when the connection has closed. */
  async next(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#code !== null) throw new Error(`closed with ${String(this.#code)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.#socket.close(1000);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A session on a line. */
export class DeviceLine {
  readonly line: Line;
  readonly session: Session;

  constructor(line: Line, session: Session) {
    this.line = line;
    this.session = session;
  }

  send(message: Message): void {
    for (const frame of this.session.seal(message)) this.line.send(frame);
  }

  /** The next message or chunk; a ticket (§3.5) is for those who resume. */
  async next(): Promise<ReturnType<Session['open']>> {
    const incoming = this.session.open(await this.line.next());
    return incoming.type === 'ticket' ? this.next() : incoming;
  }

  async expect<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> {
    const incoming = await this.next();
    if (incoming.type !== type) throw new Error(`expected ${type}, got ${incoming.type}`);
    return incoming as Extract<Message, { type: T }>;
  }
}

/** See the module comment. */
export class TestDevice {
  readonly id: string;
  readonly kv0: Uint8Array;
  /** Key of the vendor's MAC. */
  readonly kvm: Uint8Array;
  /** The `signed` assignment. */
  readonly envelope: Uint8Array;
  epoch: DeviceEpoch;
  image: Uint8Array;
  state: DeviceState;

  constructor(parts: {
    readonly id: string;
    readonly kv0: Uint8Array;
    readonly kvm: Uint8Array;
    readonly envelope: Uint8Array;
    readonly epoch: DeviceEpoch;
    readonly image: Uint8Array;
    readonly sha256: Uint8Array;
  }) {
    const { sha256 } = parts;
    this.id = parts.id;
    this.kv0 = parts.kv0;
    this.kvm = parts.kvm;
    this.envelope = parts.envelope;
    this.epoch = parts.epoch;
    this.image = parts.image;
    const stats = { early: 0, late: 0, badauth: 0, badsig: 0, dup: 0, resync: 0, skipped: 0 };
    this.state = { seq: 1, sha256, ivn: 0, opensIn: 10, flags: 0, pending: 0, stats };
  }

  /** The next Hello; the counter moves. */
  hello(fmax = 4_608): ReturnType<typeof startHello> {
    this.epoch = stepCounter(this.epoch);
    const ephemeral = this.epoch.assignment.class === 0 ? { ephemeralSecret: random(32) } : {};
    return startHello(this.epoch, { nd: random(16), fmax, ...ephemeral });
  }

  /** Dials and goes through the handshake until `ready` has opened. */
  async open(url: string, change: Partial<DeviceState> = {}, fmax?: number): Promise<DeviceLine> {
    this.state = { ...this.state, ...change };
    const line = await Line.dial(url);
    const { frame, pending } = this.hello(fmax);
    line.send(frame);
    const accepted = acceptSession(pending, await line.next(), this.state);
    this.epoch = accepted.epoch;
    line.send(accepted.frame);
    const device = new DeviceLine(line, accepted.session);
    await device.expect('ready');
    return device;
  }
}
