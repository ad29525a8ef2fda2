/** An HTTP server that does to whoever fetches what a test says, and knows how much of it was taken. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class HostileServer implements AsyncDisposable {
  answer: RequestListener;
  /** Requests that came. */
  requests = 0;
  /** Bytes written for answers that have ended. */
  taken = 0;
  /** Answers that have not ended: the connection of one that is given up is cut. */
  open = 0;
  readonly #server: Server;

  private constructor(server: Server, answer: RequestListener) {
    this.#server = server;
    this.answer = answer;
  }

  static async start(answer: RequestListener): Promise<HostileServer> {
    const server = createServer();
    const hostile = new HostileServer(server, answer);
    server.on('request', (request, response) => {
      hostile.requests += 1;
      hostile.open += 1;
      const { socket } = request;
      response.on('close', () => {
        hostile.open -= 1;
        hostile.taken += socket.bytesWritten;
      });
      hostile.answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hostile;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Sends without end, as fast as it is taken. */
export const forEver: RequestListener = (_, response) => {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  };
  response.on('drain', more);
  more();
};

/** A byte at a time, every `everyMs`. */
export const drip =
  (everyMs: number): RequestListener =>
  (_, response) => {
    const timer = setInterval(() => response.write('x'), everyMs);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
