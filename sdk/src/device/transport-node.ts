/** The transport in Node, on the `ws` package. */
import { WebSocket } from 'ws';
import { DeviceError } from './errors.ts';
import { Inbox, SUBPROTOCOL, deliver } from './transport.ts';
import type { Connection, Transport } from './transport.ts';

/** Time to the end of the HTTP upgrade (§1: 10 s to reach a session), milliseconds. */
const UPGRADE_MS = 10_000;

/** How long a manager that does not answer a close keeps the socket, milliseconds. */
const CLOSE_MS = 2000;

/** Dials by `ws`: no compression, no redirects, frames of at most `maxFrameBytes`. */
export const nodeTransport: Transport = (url, { maxFrameBytes, signal }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new WebSocket(url, SUBPROTOCOL, {
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handshakeTimeout: UPGRADE_MS,
      followRedirects: false,
    });
    const abort = (): void => {
      socket.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    // Frames may come with the upgrade's answer: the listener is there before the connection is handed out.
    const connection = connectionOf(socket);
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new DeviceError('CONNECT_FAILED', `can not reach ${url}`, { cause: failure }));
    });
    socket.once('open', () => {
      signal.removeEventListener('abort', abort);
      resolve(connection);
    });
  });

function connectionOf(socket: WebSocket): Connection {
  const inbox = new Inbox();
  const close = (code: number): void => {
    inbox.end(code);
    if (socket.readyState === WebSocket.CLOSED) return;
    socket.close(code);
    const cut = setTimeout(() => {
      socket.terminate();
    }, CLOSE_MS);
    socket.once('close', () => {
      clearTimeout(cut);
    });
  };
  socket.on('message', (data, isBinary) => {
    deliver(inbox, isBinary ? new Uint8Array(data as Buffer) : null, close);
  });
  socket.on('close', (code) => {
    inbox.end(code);
  });
  return {
    inbox,
    close,
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
  };
}
