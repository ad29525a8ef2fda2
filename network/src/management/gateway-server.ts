/**
 * The node's listening side: one HTTP server with the WebSocket upgrade for devices (`/v1/device`, protocol §1) and
 * plain requests for vendors. What can be refused without a key is refused here, before a socket is kept.
 */
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import type { Clock } from './clock.ts';
import { DeviceSocket, type SocketLimits } from './device-socket.ts';
import { HalfOpenLimits, type HalfOpenOptions, type HalfOpenPlace } from './half-open.ts';
import { ManagementError } from './management-error.ts';

/** The sub-protocol, which is the version (protocol §1). */
export const SUB_PROTOCOL = 'lamplighter.v1';
/** Where devices dial. */
export const DEVICE_PATH = '/v1/device';
/** Largest frame of the protocol: the largest fmax. */
export const LARGEST_FRAME = 66_560;

/** Handles a request that is no upgrade. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Options of {@link GatewayServer}. */
export interface GatewayServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly socketLimits: SocketLimits;
  readonly halfOpen?: HalfOpenOptions;
  /** TCP connections at most. @default 65_536 */
  readonly connections?: number;
  /** Takes a new connection; `place` is given back when the session stands or the connection ends. */
  readonly onDevice: (socket: DeviceSocket, place: HalfOpenPlace) => void;
  readonly onRequest: RequestHandler;
}

/** What `ws` 8.23 takes and its published types do not know yet. */
interface FragmentLimits {
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  readonly closeTimeout: number;
}

const WEB_SOCKET_OPTIONS: ServerOptions & FragmentLimits = {
  noServer: true,
  clientTracking: true,
  perMessageDeflate: false,
  maxPayload: LARGEST_FRAME,
  // One message is one frame, not fragmented (§1); the largest one comes in well under 256 pieces of TCP.
  maxFragments: 1,
  maxBufferedChunks: 256,
  closeTimeout: 5_000,
  handleProtocols: () => SUB_PROTOCOL,
};

/** HTTP and WebSocket server of a management node. */
export class GatewayServer {
  readonly #options: GatewayServerOptions;
  readonly #server: Server;
  readonly #webSockets = new WebSocketServer(WEB_SOCKET_OPTIONS);
  readonly #halfOpen: HalfOpenLimits;

  private constructor(options: GatewayServerOptions) {
    this.#options = options;
    this.#halfOpen = new HalfOpenLimits(options.halfOpen);
    this.#server = createServer(
      {
        maxHeaderSize: 8_192,
        headersTimeout: 10_000,
        requestTimeout: 15_000,
        keepAliveTimeout: 5_000,
        connectionsCheckingInterval: 5_000,
      },
      options.onRequest,
    );
    this.#server.maxHeadersCount = 64;
    this.#server.maxConnections = options.connections ?? 65_536;
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
  }

  /**
   * Listens.
   *
   * @throws {@link ManagementError} ADDRESS_IN_USE
   */
  static async listen(options: GatewayServerOptions): Promise<GatewayServer> {
    const gateway = new GatewayServer(options);
    await new Promise<void>((resolve, reject) => {
      gateway.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? addressInUse(options, error) : error);
      });
      gateway.#server.listen(options.port, options.host, resolve);
    });
    return gateway;
  }

  /** Port that is listened on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Handshakes under way. */
  get halfOpen(): number {
    return this.#halfOpen.taken;
  }

  /** Ends every connection with `closeCode` and stops listening. */
  async close(closeCode: number): Promise<void> {
    const ended = new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
    const clients = [...this.#webSockets.clients];
    for (const client of clients) client.close(closeCode);
    this.#server.closeIdleConnections();
    await Promise.all(clients.map((client) => closedOrCut(client, this.#options.clock)));
    this.#server.closeAllConnections();
    await ended;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before `ws` takes the socket over, a reset by the peer must not become an uncaught error.
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== DEVICE_PATH) {
      refuseUpgrade(socket, 404, `devices dial ${DEVICE_PATH}`);
      return;
    }
    if (!offersSubProtocol(request)) {
      refuseUpgrade(socket, 400, `expected the sub-protocol ${SUB_PROTOCOL}`);
      return;
    }
    const address = request.socket.remoteAddress ?? '';
    const place = this.#halfOpen.take(address);
    if (place === null) {
      refuseUpgrade(socket, 429, 'too many handshakes under way, try again later');
      return;
    }
    socket.once('close', () => {
      place.release();
    });
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      const remote = `${address}:${request.socket.remotePort ?? 0}`;
      const { clock, socketLimits } = this.#options;
      this.#options.onDevice(new DeviceSocket(webSocket, remote, clock, socketLimits), place);
    });
  }
}

function offersSubProtocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === SUB_PROTOCOL);
}

function refuseUpgrade(socket: Duplex, status: number, detail: string): void {
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

function closedOrCut(client: WebSocket, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (client.readyState === client.CLOSED) {
      resolve();
      return;
    }
    const timer = clock.after(2_000, () => {
      client.terminate();
    });
    client.once('close', () => {
      timer.cancel();
      resolve();
    });
  });
}

function addressInUse(options: GatewayServerOptions, cause: Error): ManagementError {
  return new ManagementError(
    'ADDRESS_IN_USE',
    `expected ${options.host}:${options.port} to be free, another process listens there; choose another port`,
    { cause },
  );
}
