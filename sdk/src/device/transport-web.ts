/** The transport in a browser, on its own WebSocket. It limits no frame before it is whole; the inbox bounds what waits. */
import { DeviceError } from './errors.ts';
import { CloseCode } from '../wire/message-types.ts';
import { Inbox, SUBPROTOCOL, deliver } from './transport.ts';
import type { Connection, Transport } from './transport.ts';

/** Dials by the global WebSocket. */
export const webTransport: Transport = (url, { maxFrameBytes, signal }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    const abort = (): void => {
      socket.close();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    const connection = connectionOf(socket, maxFrameBytes);
    socket.addEventListener('close', () => {
      signal.removeEventListener('abort', abort);
      reject(new DeviceError('CONNECT_FAILED', `can not reach ${url}`));
    });
    socket.addEventListener('open', () => {
      signal.removeEventListener('abort', abort);
      resolve(connection);
    });
  });

function connectionOf(socket: WebSocket, maxFrameBytes: number): Connection {
  const inbox = new Inbox();
  const close = (code: number): void => {
    inbox.end(code);
    socket.close(code);
  };
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const frame = data instanceof ArrayBuffer ? new Uint8Array(data) : null;
    if (frame !== null && frame.length > maxFrameBytes) close(CloseCode.malformed);
    else deliver(inbox, frame, close);
  });
  socket.addEventListener('close', ({ code }) => {
    inbox.end(code);
  });
  return {
    inbox,
    close,
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(Uint8Array.from(frame));
    },
  };
}
