/**
 * One device's WebSocket with every limit of protocol §1 and §5 around it: sizes and frames before a session, the
 * deadline to reach one, fmax after, ping, rates, and bounds on what waits to be handled or to be sent. It knows nothing
 * of keys.
 */
import { CloseCode } from '@lamplighter/sdk/wire';
import { WebSocket, type RawData } from 'ws';
import type { BudgetShare, BufferBudget } from './buffer-budget.ts';
import type { Clock, Timer } from './clock.ts';
import { Inbox } from './inbox.ts';
import type { RandomSource } from './random.ts';
import type { SocketLimits } from './socket-limits.ts';
import { TokenBucket } from './token-bucket.ts';
import { WireMeter } from './wire-meter.ts';

export { defaultSocketLimits, type SocketLimits } from './socket-limits.ts';

/** Who uses the socket. */
export interface SocketHandler {
  /** One binary frame within its limits; the next one is handed over when the promise has resolved. */
  frame(bytes: Uint8Array): Promise<void>;
  /** Called once, with the code the connection ended with. */
  closed(code: number): void;
  /** An error that `frame` did not turn into a close code. */
  failed(error: unknown): void;
}

/** What a {@link DeviceSocket} is made of. */
export interface DeviceSocketParts {
  readonly socket: WebSocket;
  /** Address of the peer, as the operator sees it. */
  readonly remote: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly limits: SocketLimits;
  /** Shared by all connections. */
  readonly budget: BufferBudget;
  /** Milliseconds of the handshake's deadline that have passed already. @default 0 */
  readonly elapsedMs?: number;
}

/** Close code of a connection that ended without one (RFC 6455 §7.1.5). */
export const ABNORMAL_CLOSURE = 1006;

/** A WebSocket with limits; see the module comment. */
export class DeviceSocket {
  /** Address of the peer, as the operator sees it. */
  readonly remote: string;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #limits: SocketLimits;
  readonly #budget: BufferBudget;
  readonly #share: BudgetShare;
  readonly #inbox: Inbox;
  readonly #meter: WireMeter;
  readonly #rate: TokenBucket;
  readonly #controlRate: TokenBucket;
  readonly #waiters = new Set<() => void>();
  #handler: SocketHandler | null = null;
  #working = false;
  #frames = 0;
  #bytes = 0;
  /** Null before the session. */
  #fmax: number | null = null;
  #taken = 0;
  #pinged: Uint8Array | null = null;
  #misses = 0;
  #timer: Timer;
  #closeCode: number | null = null;
  #ended = false;

  constructor({ socket, remote, clock, random, limits, budget, elapsedMs = 0 }: DeviceSocketParts) {
    this.remote = remote;
    this.#socket = socket;
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
    this.#budget = budget;
    this.#share = budget.share();
    this.#inbox = new Inbox(limits);
    this.#meter = new WireMeter(limits.handshakeBytes);
    this.#rate = new TokenBucket(limits.frames, clock.monotonic());
    this.#controlRate = new TokenBucket(limits.controlFrames, clock.monotonic());
    this.#timer = clock.after(Math.max(0, limits.handshakeDeadlineMs - elapsedMs), () => {
      this.close(CloseCode.deadline);
    });
    socket.on('message', (data, isBinary) => {
      this.#receive(data, isBinary);
    });
    socket.on('ping', (data) => {
      this.#control(data);
    });
    socket.on('pong', (data) => {
      this.#control(data);
      this.#pong(data);
    });
    // ws reports its own protocol errors here (1002, 1007, 1008, 1009), listens no more and closes; `close` follows.
    socket.on('error', () => {
      if (this.open && this.#fmax === null) this.#linger();
    });
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

  /** Counts bytes as they come, framing included: after `ws` has looked at them. */
  heard(bytes: number): void {
    this.#meter.came(bytes);
    this.#account();
    if (this.#fmax === null && this.#meter.exceedsHandshake) {
      if (this.#socket.readyState === WebSocket.OPEN) this.close(CloseCode.malformed);
      // Who was told and goes on sending is not listened to any longer.
      else if (this.#meter.exceedsPatience) this.terminate(CloseCode.malformed);
    } else if (this.#budget.exhausted && this.#meter.partial > 0) {
      this.terminate(CloseCode.tooMany);
    }
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
    const waiting = this.#socket.bufferedAmount;
    const noRoom = waiting > 0 && this.#budget.exhausted;
    if (noRoom || waiting + frame.length > this.#limits.bufferedBytes) {
      this.terminate(CloseCode.tooMany);
      return;
    }
    this.#socket.send(frame, () => {
      this.#taken += 1;
      this.#account();
      this.#wake();
    });
    this.#account();
  }

  /** So much waits to be sent that {@link drained} is to be waited for. */
  get behind(): boolean {
    const waiting = this.#socket.bufferedAmount;
    return waiting > this.#limits.lowWaterBytes || (waiting > 0 && this.#budget.strained);
  }

  /** Resolves when little enough waits to be sent, or the connection has ended; a peer that takes nothing is dropped. */
  async drained(): Promise<void> {
    let taken = this.#taken;
    let since = this.#clock.monotonic();
    while (this.open && this.behind) {
      const left = since + this.#limits.drainMs - this.#clock.monotonic();
      if (left <= 0) {
        this.terminate(CloseCode.deadline);
        return;
      }
      await this.#wokenWithin(left);
      if (this.#taken === taken) continue;
      taken = this.#taken;
      since = this.#clock.monotonic();
    }
  }

  /** Ends the connection with a code of protocol §8; the first call decides. */
  close(code: number): void {
    if (!this.open) return;
    this.#closeCode = code;
    this.#timer.cancel();
    this.#inbox.clear();
    this.#socket.close(code);
    // A paused socket would never see the peer's close frame.
    this.#socket.resume();
    if (this.#fmax === null && !this.#ended) this.#linger();
    this.#account();
    this.#wake();
  }

  /** Cuts the connection at once, without a closing handshake. */
  terminate(code: number): void {
    this.#closeCode ??= code;
    this.#socket.terminate();
    this.#wake();
  }

  /** The closing handshake of a peer without a session has its own, short deadline. */
  #linger(): void {
    this.#timer.cancel();
    this.#timer = this.#clock.after(this.#limits.lingerMs, () => {
      this.#socket.terminate();
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    const bytes = asBytes(data);
    this.#meter.complete(bytes.length);
    if (!this.open) return;
    if (!isBinary || bytes.length === 0 || !this.#within(bytes.length)) {
      this.close(CloseCode.malformed);
      return;
    }
    if (!this.#inbox.push(bytes)) {
      this.close(CloseCode.tooMany);
      return;
    }
    if (this.#inbox.full || this.#budget.strained) this.#socket.pause();
    this.#account();
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
    while (this.open && this.#inbox.length > 0) {
      const wait = this.#rate.waitMs(this.#clock.monotonic());
      if (wait > 0) {
        await this.#wokenWithin(wait);
        continue;
      }
      this.#rate.take(this.#clock.monotonic());
      await this.#handle(this.#inbox.shift());
      this.#account();
      if (this.#inbox.low) this.#socket.resume();
    }
    this.#working = false;
  }

  async #handle(frame: Uint8Array | undefined): Promise<void> {
    if (frame === undefined) return;
    try {
      await this.#handler?.frame(frame);
    } catch (error) {
      this.#handler?.failed(error);
    }
  }

  #control(data: Buffer): void {
    this.#meter.complete(data.length);
    if (!this.#controlRate.take(this.#clock.monotonic())) this.close(CloseCode.tooMany);
  }

  /** Only the answer to the last ping counts: a peer that does not read cannot know it. */
  #pong(data: Buffer): void {
    if (this.#pinged === null || !data.equals(this.#pinged)) return;
    this.#misses = 0;
  }

  #schedulePing(): void {
    this.#timer = this.#clock.after(this.#limits.pingMs, () => {
      if (this.#misses >= this.#limits.pingMisses) {
        this.terminate(CloseCode.deadline);
        return;
      }
      this.#misses += 1;
      this.#pinged = this.#random.bytes(8);
      this.#socket.ping(this.#pinged);
      this.#schedulePing();
    });
  }

  #account(): void {
    if (this.#ended) return;
    this.#share.hold(this.#inbox.bytes + this.#meter.partial + this.#socket.bufferedAmount);
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.cancel();
    this.#inbox.clear();
    this.#share.hold(0);
    this.#wake();
    this.#handler?.closed(this.#closeCode ?? code);
  }

  async #wokenWithin(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const woken = (): void => {
        timer.cancel();
        this.#waiters.delete(woken);
        resolve();
      };
      const timer = this.#clock.after(milliseconds, woken);
      this.#waiters.add(woken);
    });
  }

  #wake(): void {
    for (const woken of [...this.#waiters]) woken();
  }
}

function asBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return new Uint8Array(data);
}
