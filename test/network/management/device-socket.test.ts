import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import {
  DeviceSocket,
  defaultSocketLimits,
} from '../../../network/src/management/device-socket.ts';
import { FakeClock, settle } from './support/fake-clock.ts';

/** As much of a WebSocket as a device socket uses. */
class FakeWebSocket extends EventEmitter {
  bufferedAmount = 0;
  paused = false;
  pings = 0;
  closedWith: number | null = null;
  terminated = false;
  readonly sent: Uint8Array[] = [];
  readonly #callbacks: (() => void)[] = [];

  send(frame: Uint8Array, callback: () => void): void {
    this.sent.push(frame);
    this.bufferedAmount += frame.length;
    this.#callbacks.push(callback);
  }

  /** The peer reads everything. */
  flush(): void {
    this.bufferedAmount = 0;
    for (const callback of this.#callbacks.splice(0)) callback();
  }

  close(code: number): void {
    this.closedWith = code;
    this.emit('close', code);
  }

  terminate(): void {
    this.terminated = true;
    this.emit('close', 1006);
  }

  ping(): void {
    this.pings += 1;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

function build() {
  const clock = new FakeClock();
  const webSocket = new FakeWebSocket();
  const limits = {
    ...defaultSocketLimits,
    bufferedBytes: 1_000,
    lowWaterBytes: 100,
    queuedFrames: 4,
  };
  const socket = new DeviceSocket(webSocket as unknown as WebSocket, 'peer', clock, limits);
  const frames: number[] = [];
  const closes: number[] = [];
  const errors: unknown[] = [];
  let hold: Promise<void> = Promise.resolve();
  socket.attach({
    frame: async (bytes) => {
      await hold;
      if (bytes[0] === 99) throw new Error('handler failed');
      frames.push(bytes[0]!);
    },
    closed: (code) => closes.push(code),
    failed: (error) => errors.push(error),
  });
  const receive = (value: number, length = 1): void => {
    webSocket.emit('message', Buffer.alloc(length, value), true);
  };
  const holdUntil = (promise: Promise<void>): void => {
    hold = promise;
  };
  return { clock, webSocket, socket, frames, closes, errors, receive, holdUntil };
}

describe('device socket', () => {
  it('drops a reader so slow that too much waits to be sent', () => {
    const { webSocket, socket, closes } = build();
    socket.send(new Uint8Array(900));
    socket.send(new Uint8Array(101));
    expect(webSocket.terminated).toBe(true);
    expect(webSocket.sent).toHaveLength(1);
    expect(closes).toEqual([4429]);
    expect(socket.open).toBe(false);
  });

  it('lets a sender wait until the peer has read', async () => {
    const { webSocket, socket } = build();
    socket.send(new Uint8Array(500));
    let drained = false;
    const waiting = socket.drained().then(() => (drained = true));
    await settle();
    expect(drained).toBe(false);
    webSocket.flush();
    await waiting;
    expect(drained).toBe(true);
  });

  it('lets nobody wait for a peer that is gone', async () => {
    const { socket } = build();
    socket.send(new Uint8Array(500));
    const waiting = socket.drained();
    socket.close(1000);
    await expect(waiting).resolves.toBeUndefined();
  });

  it('hands frames over one at a time and pauses a peer that sends faster than they are handled', async () => {
    const { webSocket, socket, frames, receive, holdUntil } = build();
    socket.established(66_560);
    let go: () => void = () => undefined;
    holdUntil(new Promise((resolve) => (go = resolve)));
    for (const value of [1, 2, 3, 4, 5]) receive(value);
    expect(webSocket.paused).toBe(true);
    expect(frames).toEqual([]);
    go();
    await settle();
    expect(frames).toEqual([1, 2, 3, 4, 5]);
    expect(webSocket.paused).toBe(false);
    socket.close(1000);
  });

  it('handles no frame after the connection was told to close', async () => {
    const { socket, frames, receive, closes } = build();
    receive(1);
    receive(2);
    socket.close(4400);
    receive(3);
    await settle();
    expect(frames).toEqual([1]);
    expect(closes).toEqual([4400]);
  });

  it('tells an error of the handler and goes on', async () => {
    const { socket, frames, errors, receive } = build();
    receive(99);
    receive(2);
    await settle();
    expect(errors).toEqual([new Error('handler failed')]);
    expect(frames).toEqual([2]);
    socket.close(1000);
  });

  it('takes three frames and 8192 bytes before a session, no more', async () => {
    const frames = build();
    for (const value of [1, 2, 3]) frames.receive(value);
    expect(frames.socket.open).toBe(true);
    frames.receive(4);
    expect(frames.webSocket.closedWith).toBe(4400);
    const bytes = build();
    bytes.receive(1, 4_096);
    bytes.receive(2, 4_096);
    expect(bytes.socket.open).toBe(true);
    bytes.receive(3, 1);
    expect(bytes.webSocket.closedWith).toBe(4400);
    await settle();
  });

  it('pings every 60 s, keeps a peer that answers and cuts one that missed two', async () => {
    const { clock, webSocket, socket, closes } = build();
    socket.established(4_608);
    await clock.advance(60_000);
    await clock.advance(60_000);
    webSocket.emit('pong');
    await clock.advance(120_000);
    expect(webSocket.pings).toBe(4);
    expect(closes).toEqual([]);
    await clock.advance(60_000);
    expect(webSocket.terminated).toBe(true);
    expect(closes).toEqual([4408]);
    expect(clock.timers).toBe(0);
  });
});
