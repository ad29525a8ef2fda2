/**
 * One device's WebSocket with every limit of protocol §1 and §5 around it: sizes and frames before a session, the
 * deadline to reach one, fmax after, ping, and a bound on what waits to be sent. It knows nothing of keys.
 */
import { CloseCode } from '@lamplighter/sdk/wire';
import { WebSocket, type RawData } from 'ws';
import type { Clock, Timer } from './clock.ts';

/** Bounds of one connection. */
export interface SocketLimits {
  /** Milliseconds to reach a session. @default 10_000 */
  readonly handshakeDeadlineMs: number;
  /** Bytes taken before a session. @default 8_192 */
  readonly handshakeBytes: number;
  /** Bytes of one frame before a session. @default 4_096 */
  readonly handshakeFrameBytes: number;
  /** Frames taken before a session. @default 3 */
  readonly handshakeFrames: number;
  /** Milliseconds between pings. @default 60_000 */
  readonly pingMs: number;
  /** Unanswered pings after which the peer is dead. @default 2 */
  readonly pingMisses: number;
  /** Bytes waiting to be sent after which the peer is a slow reader and is dropped. @default 1_048_576 */
  readonly bufferedBytes: number;
  /** Bytes waiting to be sent below which {@link DeviceSocket.drained} goes on. @default 262_144 */
  readonly lowWaterBytes: number;
  /** Frames taken and not yet handled before reading pauses. @default 64 */
  readonly queuedFrames: number;
}

/** Defaults of {@link SocketLimits}. */
export const defaultSocketLimits: SocketLimits = {
  handshakeDeadlineMs: 10_000,
  handshakeBytes: 8_192,
  handshakeFrameBytes: 4_096,
  handshakeFrames: 3,
  pingMs: 60_000,
  pingMisses: 2,
  bufferedBytes: 1_048_576,
  lowWaterBytes: 262_144,
  queuedFrames: 64,
};

/** Who uses the socket. */
export interface SocketHandler {
  /** One binary frame within its limits; the next one is handed over when the promise has resolved. */
  frame(bytes: Uint8Array): Promise<void>;
  /** Called once, with the code the connection ended with. */
  closed(code: number): void;
  /** An error that `frame` did not turn into a close code. */
  failed(error: unknown): void;
}

/** Close code of a connection that ended without one (RFC 6455 §7.1.5). */
export const ABNORMAL_CLOSURE = 1006;

/** A WebSocket with limits; see the module comment. */
export class DeviceSocket {
  /** Address of the peer, as the operator sees it. */
  readonly remote: string;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #limits: SocketLimits;
  readonly #queue: Uint8Array[] = [];
  readonly #waiters = new Set<() => void>();
  #handler: SocketHandler | null = null;
  #working = false;
  #frames = 0;
  #bytes = 0;
  /** Null before the session. */
  #fmax: number | null = null;
  #misses = 0;
  #timer: Timer;
  #closeCode: number | null = null;
  #ended = false;

  constructor(socket: WebSocket, remote: string, clock: Clock, limits: SocketLimits) {
    this.remote = remote;
    this.#socket = socket;
    this.#clock = clock;
    this.#limits = limits;
    this.#timer = clock.after(limits.handshakeDeadlineMs, () => {
      this.close(CloseCode.deadline);
    });
    socket.on('message', (data, isBinary) => {
      this.#receive(data, isBinary);
    });
    socket.on('pong', () => {
      this.#misses = 0;
    });
    // ws reports its own protocol errors here (1002, 1007, 1008, 1009) and closes by itself; `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.#end(code);
    });
  }

  /** Sets who hears the frames; called once, before the first frame can come. */
  attach(handler: SocketHandler): void {
    this.#handler = handler;
  }

  /** False once the connection ends or was told to. */
  get open(): boolean {
    return this.#closeCode === null && !this.#ended;
  }

  /** The session stands: handshake limits end, `fmax` and pings begin. */
  established(fmax: number): void {
    this.#fmax = fmax;
    this.#timer.cancel();
    if (this.open) this.#schedulePing();
  }

  /** Sends a frame; a peer that lets too much pile up is dropped (slow reader). Nothing happens on a closed socket. */
  send(frame: Uint8Array): void {
    if (!this.open) return;
    if (this.#socket.bufferedAmount + frame.length > this.#limits.bufferedBytes) {
      this.terminate(CloseCode.tooMany);
      return;
    }
    this.#socket.send(frame, () => {
      this.#wake();
    });
  }

  /** Resolves when little enough waits to be sent, or the connection has ended. */
  async drained(): Promise<void> {
    while (this.open && this.#socket.bufferedAmount > this.#limits.lowWaterBytes) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** Ends the connection with a code of protocol §8; the first call decides. */
  close(code: number): void {
    if (!this.open) return;
    this.#closeCode = code;
    this.#timer.cancel();
    this.#queue.length = 0;
    this.#socket.close(code);
    // A paused socket would never see the peer's close frame.
    this.#socket.resume();
    this.#wake();
  }

  /** Cuts the connection at once, without a closing handshake. */
  terminate(code: number): void {
    this.#closeCode ??= code;
    this.#socket.terminate();
    this.#wake();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.open) return;
    const bytes = isBinary ? asBytes(data) : null;
    if (bytes === null || !this.#within(bytes.length)) {
      this.close(CloseCode.malformed);
      return;
    }
    this.#queue.push(bytes);
    if (this.#queue.length >= this.#limits.queuedFrames) this.#socket.pause();
    if (!this.#working) void this.#work();
  }

  #within(length: number): boolean {
    if (this.#fmax !== null) return length <= this.#fmax;
    this.#frames += 1;
    this.#bytes += length;
    const limits = this.#limits;
    return (
      length <= limits.handshakeFrameBytes &&
      this.#frames <= limits.handshakeFrames &&
      this.#bytes <= limits.handshakeBytes
    );
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let frame = this.#queue.shift(); frame; frame = this.#queue.shift()) {
      try {
        await this.#handler?.frame(frame);
      } catch (error) {
        this.#handler?.failed(error);
      }
      if (this.#queue.length < this.#limits.queuedFrames / 2) this.#socket.resume();
    }
    this.#working = false;
  }

  #schedulePing(): void {
    this.#timer = this.#clock.after(this.#limits.pingMs, () => {
      if (this.#misses >= this.#limits.pingMisses) {
        this.terminate(CloseCode.deadline);
        return;
      }
      this.#misses += 1;
      this.#socket.ping();
      this.#schedulePing();
    });
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.cancel();
    this.#queue.length = 0;
    this.#wake();
    this.#handler?.closed(this.#closeCode ?? code);
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}

function asBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return new Uint8Array(data);
}
