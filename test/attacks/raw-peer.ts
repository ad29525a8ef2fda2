/** A peer that keeps no rule: bytes over TCP, and what became of the connection. Loopback only. */
import { connect, type Socket } from 'node:net';

/** Whom to attack, from where. */
export interface Target {
  readonly port: number;
  /** Own address, one of 127.0.0.0/8. */
  readonly from: string;
}

/** How one frame differs from a good one. */
export interface FrameShape {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  /** Told in the head in place of the true length. */
  readonly told?: number;
}

export const UPGRADE_HEADERS: Readonly<Record<string, string>> = {
  host: 'gateway',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'lamplighter.v1',
};

const HELD_BYTES = 65_536;
const CLOSE = 0x88;

/** One connection. */
export class RawPeer {
  /**
   * How the other end ended it: `http 429`, `close 4401`, `cut`; `kept` when it did not after it had answered, and
   * `not reached` when it never answered, because the machine's queue of new connections was full.
   */
  readonly ended: Promise<string>;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #connected = false;
  #wake: () => void = () => undefined;
  #over = false;
  #givenUp = false;

  constructor({ port, from }: Target) {
    this.#socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    this.#socket.on('connect', () => (this.#connected = true));
    this.#socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]).subarray(0, HELD_BYTES);
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve(this.#ending());
      });
    });
  }

  get over(): boolean {
    return this.#over;
  }

  write(bytes: Uint8Array | string): void {
    if (!this.#over && this.#socket.writable) this.#socket.write(bytes);
  }

  request(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  }

  /** Upgrades as a device does. @returns false when it was refused */
  async upgrade(): Promise<boolean> {
    this.request('/v1/device', UPGRADE_HEADERS);
    while (!this.#over && !this.#received.includes('\r\n\r\n')) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#received.toString('latin1', 0, 12).endsWith('101');
  }

  /** One WebSocket frame, masked with zeros. */
  frame(payload: Uint8Array, shape: FrameShape = {}): void {
    this.write(Buffer.concat([frameHead(payload.length, shape), payload]));
  }

  /** Reads no more. */
  pause(): void {
    this.#socket.pause();
  }

  /** It was not ended in time. */
  giveUp(): void {
    this.#givenUp = true;
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #ending(): string {
    if (this.#givenUp) return this.#received.length > 0 ? 'kept' : 'not reached';
    if (!this.#connected) return 'not reached';
    const text = this.#received.toString('latin1', 0, 12);
    if (!text.startsWith('HTTP/1.1 ')) return 'cut';
    const status = text.slice(9, 12);
    return status === '101' ? this.#closeFrame() : `http ${status}`;
  }

  #closeFrame(): string {
    let at = this.#received.indexOf('\r\n\r\n') + 4;
    while (at + 4 <= this.#received.length) {
      const length = this.#received[at + 1]!;
      if (this.#received[at] === CLOSE)
        return `close ${String(this.#received.readUInt16BE(at + 2))}`;
      at += length < 126 ? 2 + length : 4 + this.#received.readUInt16BE(at + 2);
    }
    return 'cut';
  }
}

function frameHead(
  length: number,
  { opcode = 2, fin = true, rsv1 = false, told = length }: FrameShape,
): Buffer {
  const first = opcode | (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0);
  const mask = Buffer.alloc(4);
  if (told < 126) return Buffer.concat([Buffer.from([first, 0x80 | told]), mask]);
  if (told < 65_536) {
    return Buffer.concat([Buffer.from([first, 0xfe, told >> 8, told & 0xff]), mask]);
  }
  const head = Buffer.alloc(10);
  head.set([first, 0xff]);
  head.writeBigUInt64BE(BigInt(told), 2);
  return Buffer.concat([head, mask]);
}
