import { EventEmitter } from 'node:events';
import { WebSocket } from 'ws';
import { BufferBudget } from '../../../network/src/management/buffer-budget.ts';
import {
  DeviceSocket,
  defaultSocketLimits,
  type SocketLimits,
} from '../../../network/src/management/device-socket.ts';
import { systemRandom } from '../../../network/src/management/random.ts';
import { FakeClock, settle } from './support/fake-clock.ts';

/** As much of a WebSocket as a device socket uses. */
class FakeWebSocket extends EventEmitter {
  bufferedAmount = 0;
  paused = false;
  readonly pings: Uint8Array[] = [];
  closedWith: number | null = null;
  terminated = false;
  answersClose = true;
  readyState: number = WebSocket.OPEN;
  readonly sent: Uint8Array[] = [];
  readonly #callbacks: (() => void)[] = [];

  /** The peer takes one frame. */
  takeOne(): void {
    this.bufferedAmount -= this.sent[this.sent.length - this.#callbacks.length]!.length;
    this.#callbacks.shift()!();
  }

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
    this.readyState = WebSocket.CLOSING;
    if (this.answersClose) this.emit('close', code);
  }

  terminate(): void {
    this.terminated = true;
    this.emit('close', 1006);
  }

  ping(data: Uint8Array): void {
    this.pings.push(data);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

function build(change: Partial<SocketLimits> = {}, budget = new BufferBudget()) {
  const clock = new FakeClock();
  const webSocket = new FakeWebSocket();
  const limits = {
    ...defaultSocketLimits,
    bufferedBytes: 1_000,
    lowWaterBytes: 100,
    queuedFrames: 4,
    ...change,
  };
  const socket = new DeviceSocket({
    socket: webSocket as unknown as WebSocket,
    remote: 'peer',
    clock,
    random: systemRandom,
    limits,
    budget,
  });
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
    socket.heard(length + (length < 126 ? 6 : 8));
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
    webSocket.emit('pong', Buffer.from(webSocket.pings.at(-1)!));
    await clock.advance(120_000);
    expect(webSocket.pings).toHaveLength(4);
    expect(closes).toEqual([]);
    await clock.advance(60_000);
    expect(webSocket.terminated).toBe(true);
    expect(closes).toEqual([4408]);
    expect(clock.timers).toBe(0);
  });

  it('takes no pong that nobody asked for as a sign of life', async () => {
    const { clock, webSocket, socket, closes } = build();
    socket.established(4_608);
    await clock.advance(60_000);
    webSocket.emit('pong', Buffer.alloc(8));
    await clock.advance(60_000);
    webSocket.emit('pong', Buffer.alloc(0));
    await clock.advance(60_000);
    expect(closes).toEqual([4408]);
  });

  describe.each([false, true])('with a session: %s', (established) => {
    it('ends a peer that floods it with pings', () => {
      const { webSocket, socket, closes } = build();
      if (established) socket.established(4_608);
      for (let count = 0; count < 16; count += 1) webSocket.emit('ping', Buffer.alloc(0));
      expect(socket.open).toBe(true);
      webSocket.emit('ping', Buffer.alloc(0));
      expect(closes).toEqual([4429]);
    });

    it('refuses an empty frame and text', () => {
      for (const [length, binary] of [
        [0, true],
        [5, false],
      ] as const) {
        const { webSocket, socket, closes } = build();
        if (established) socket.established(4_608);
        webSocket.emit('message', Buffer.alloc(length, 97), binary);
        expect(closes).toEqual([4400]);
      }
    });
  });

  it('counts what never becomes a frame against the bytes before a session', () => {
    const { socket, closes } = build();
    socket.heard(9_216);
    expect(socket.open).toBe(true);
    socket.heard(1);
    expect(closes).toEqual([4400]);
  });

  it('cuts a peer without a session that sends on, or does not answer, after its close', async () => {
    const sends = build();
    sends.webSocket.answersClose = false;
    sends.socket.close(4401);
    sends.socket.heard(9_217);
    expect(sends.webSocket.terminated).toBe(false);
    sends.socket.heard(2 * 66_560);
    expect(sends.webSocket.terminated).toBe(true);
    expect(sends.closes).toEqual([4401]);
    const silent = build();
    silent.webSocket.answersClose = false;
    silent.socket.close(4401);
    await silent.clock.advance(999);
    expect(silent.webSocket.terminated).toBe(false);
    await silent.clock.advance(1);
    expect(silent.webSocket.terminated).toBe(true);
    expect(silent.clock.timers).toBe(0);
  });

  it('pauses a peer whose frames wait in many bytes', async () => {
    const { webSocket, socket, receive, holdUntil, frames } = build({ queuedBytes: 2_000 });
    socket.established(66_560);
    let go: () => void = () => undefined;
    holdUntil(new Promise((resolve) => (go = resolve)));
    for (const value of [1, 2]) receive(value, 1_500);
    expect(webSocket.paused).toBe(false);
    receive(3, 1_500);
    expect(webSocket.paused).toBe(true);
    go();
    await settle();
    expect(frames).toEqual([1, 2, 3]);
    expect(webSocket.paused).toBe(false);
    socket.close(1000);
  });

  it('ends a peer one piece of whose bytes holds more frames than can wait', () => {
    const { socket, closes, receive, holdUntil } = build();
    socket.established(66_560);
    holdUntil(new Promise(() => undefined));
    for (let count = 0; count < 17; count += 1) receive(1);
    expect(socket.open).toBe(true);
    receive(1);
    expect(closes).toEqual([4429]);
  });

  it('lets the frames of a session wait that come faster than its rate', async () => {
    const { clock, webSocket, socket, frames, receive } = build({
      frames: { burst: 2, perSecond: 10 },
    });
    socket.established(66_560);
    for (const value of [1, 2, 3, 4, 5, 6]) receive(value);
    await settle();
    expect(frames).toEqual([1, 2]);
    expect(webSocket.paused).toBe(true);
    await clock.advance(100);
    expect(frames).toEqual([1, 2, 3]);
    await clock.advance(300);
    expect(frames).toEqual([1, 2, 3, 4, 5, 6]);
    expect(webSocket.paused).toBe(false);
    socket.close(1000);
    expect(clock.timers).toBe(0);
  });

  it('leaves no timer and handles nothing when a peer that waits for its rate goes', async () => {
    const { clock, webSocket, socket, frames, receive } = build({
      frames: { burst: 1, perSecond: 1 },
    });
    socket.established(66_560);
    for (const value of [1, 2]) receive(value);
    await settle();
    webSocket.emit('close', 1006);
    await clock.advance(10_000);
    expect(frames).toEqual([1]);
    expect(clock.timers).toBe(0);
  });

  it('drops a peer that takes no frame while it is waited for', async () => {
    const { clock, webSocket, socket, closes } = build({ drainMs: 50_000 });
    socket.established(66_560);
    socket.send(new Uint8Array(300));
    socket.send(new Uint8Array(300));
    const waiting = socket.drained();
    await clock.advance(49_000);
    webSocket.takeOne();
    await settle();
    await clock.advance(49_000);
    expect(socket.open).toBe(true);
    await clock.advance(1_000);
    await waiting;
    expect(webSocket.terminated).toBe(true);
    expect(closes).toEqual([4408]);
    expect(clock.timers).toBe(0);
  });

  describe('under the budget of all connections', () => {
    it('counts frames that wait, parts of frames and what is to be sent, and gives all back', async () => {
      const budget = new BufferBudget();
      const { webSocket, socket, receive, holdUntil } = build({}, budget);
      socket.established(66_560);
      let go: () => void = () => undefined;
      holdUntil(new Promise((resolve) => (go = resolve)));
      receive(1, 50);
      receive(2, 200);
      // The first is being handled and counts no more.
      expect(budget.held).toBe(200);
      socket.heard(1_000);
      expect(budget.held).toBe(1_200);
      socket.send(new Uint8Array(300));
      expect(budget.held).toBe(1_500);
      webSocket.flush();
      go();
      await settle();
      expect(budget.held).toBe(1_000);
      socket.close(1000);
      expect(budget.held).toBe(0);
    });

    it('takes one frame at a time once half of it is used', async () => {
      const budget = new BufferBudget(1_000);
      budget.share().hold(500);
      const { webSocket, socket, receive, holdUntil, frames } = build({}, budget);
      socket.established(66_560);
      let go: () => void = () => undefined;
      holdUntil(new Promise((resolve) => (go = resolve)));
      receive(1);
      expect(webSocket.paused).toBe(true);
      go();
      await settle();
      expect(frames).toEqual([1]);
      expect(webSocket.paused).toBe(false);
      socket.send(new Uint8Array(50));
      let drained = false;
      void socket.drained().then(() => (drained = true));
      await settle();
      expect(drained).toBe(false);
      webSocket.flush();
      await settle();
      expect(drained).toBe(true);
      socket.close(1000);
    });

    it('ends who sends a frame in parts, or does not read, once it is used up', () => {
      const budget = new BufferBudget(10_000);
      const parts = build({}, budget);
      parts.socket.established(66_560);
      const reader = build({}, budget);
      reader.socket.established(66_560);
      reader.socket.send(new Uint8Array(100));
      const other = budget.share();
      other.hold(9_900);
      reader.socket.send(new Uint8Array(100));
      expect(reader.closes).toEqual([4429]);
      parts.socket.heard(100);
      expect(parts.closes).toEqual([4429]);
      expect(budget.held).toBe(9_900);
      other.hold(0);
    });
  });
});
