/** An answer to a peer whose connection is not kept: status, our problem+json, end. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers and ends the connection; one that takes no answer is cut by its deadline. */
export function refuseConnection(socket: Duplex, status: number, detail: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const title = STATUS_CODES[status] ?? 'Refused';
  const body = JSON.stringify({ title, status, detail });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
