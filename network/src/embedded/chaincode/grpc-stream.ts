/**
 * One bidirectional gRPC stream over an HTTP/2 connection of its own (gRPC over HTTP2: length-prefixed messages, the status in
 * trailers). Every transaction sends a dozen messages through it; a general gRPC client takes as long for each as all else here.
 */
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';

import { messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** Compressed flag and length. */
const PREFIX_BYTES = 5;
const MEBIBYTE = 1024 * 1024;
const OK = '0';

export interface GrpcStreamListener {
  /** The stream ends when it throws. */
  readonly onMessage: (message: Uint8Array) => void;
  /** Called once. */
  readonly onEnd: (reason: string) => void;
}

export class GrpcStream {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  #listener: GrpcStreamListener;
  /** Of a message that has not come in whole. */
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Bytes until there is something to do. */
  #needed = PREFIX_BYTES;
  #status: string | undefined;
  #reason: string | undefined;

  /**
   * @param address - `host:port`
   * @param path - `/package.Service/Method`
   */
  constructor(address: string, path: string, listener: GrpcStreamListener) {
    this.#listener = listener;
    this.#session = connect(`http://${address}`, {
      maxSessionMemory: LIMITS.sendBytes / MEBIBYTE,
      settings: { enablePush: false },
    });
    this.#session.on('error', (error) => {
      this.#end(messageOf(error));
    });
    this.#session.on('close', () => {
      this.#end('the connection was closed');
    });
    this.#stream = this.#session.request(
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    );
    this.#listen();
  }

  /** From now on, another one hears of what comes; at once, when the stream has ended. */
  hand(listener: GrpcStreamListener): void {
    this.#listener = listener;
    if (this.#reason !== undefined) {
      listener.onEnd(this.#reason);
    }
  }

  send(message: Uint8Array): void {
    if (this.#reason !== undefined) {
      return;
    }
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, PREFIX_BYTES);
    this.#stream.write(frame);
  }

  /** Ends the stream from this side. */
  fail(reason: string): void {
    this.#end(reason);
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on('response', (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
      this.#note(headers);
      if (headers[':status'] !== 200) {
        this.#end(`HTTP status ${String(headers[':status'])}`);
      }
    });
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      this.#note(headers);
    });
    stream.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    stream.on('error', (error) => {
      this.#end(messageOf(error));
    });
    stream.on('end', () => {
      this.#end(this.#status ?? 'the stream has ended');
    });
    stream.on('close', () => {
      this.#end(this.#status ?? 'the stream has ended');
    });
  }

  #note(headers: IncomingHttpHeaders): void {
    const { 'grpc-status': status, 'grpc-message': text } = headers;
    if (typeof status === 'string' && status !== OK) {
      this.#status = `gRPC status ${status}: ${typeof text === 'string' ? text : ''}`;
    }
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) {
      // A large message comes in many parts; they are joined once.
      return;
    }
    let rest = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    this.#needed = PREFIX_BYTES;
    while (rest.length >= PREFIX_BYTES && this.#reason === undefined) {
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0 || length > LIMITS.receiveBytes) {
        this.#end(`expected messages of up to ${LIMITS.receiveBytes} bytes, got ${length}`);
        return;
      }
      if (rest.length < PREFIX_BYTES + length) {
        this.#needed = PREFIX_BYTES + length;
        break;
      }
      this.#deliver(rest.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
      rest = rest.subarray(PREFIX_BYTES + length);
    }
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }

  #deliver(message: Uint8Array): void {
    try {
      this.#listener.onMessage(message);
    } catch (error) {
      this.#end(messageOf(error));
    }
  }

  #end(reason: string): void {
    if (this.#reason !== undefined) {
      return;
    }
    this.#reason = reason;
    this.#listener.onEnd(reason);
    this.#session.destroy();
  }
}
