/**
 * The node's listening side: one HTTP server with the WebSocket upgrade for devices (`/v1/device`, protocol §1) and
 * plain requests for vendors. What can be refused without a key is refused here, before a socket is kept.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { limits } from '@lamplighter/sdk/wire';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { Arrivals, type Arrival, type RefusalListener } from './arrivals.ts';
import { BufferBudget } from './buffer-budget.ts';
import type { Clock } from './clock.ts';
import { DeviceSocket } from './device-socket.ts';
import type { HalfOpenOptions, HalfOpenPlace } from './half-open.ts';
import { refuseConnection } from './http-refusal.ts';
import { ManagementError } from './management-error.ts';
import type { RandomSource } from './random.ts';
import type { SocketLimits } from './socket-limits.ts';
import { HEADER_FIELDS, SUB_PROTOCOL, upgradeRefusal } from './upgrade-rules.ts';

export { DEVICE_PATH, SUB_PROTOCOL } from './upgrade-rules.ts';

/** Handles a request that is no upgrade. `keep` is called once the peer has shown a key. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  keep: () => void,
) => void;

/** Options of {@link GatewayServer}. */
export interface GatewayServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly socketLimits: SocketLimits;
  readonly halfOpen?: HalfOpenOptions;
  /** Values of `Origin` that are let in. @default none */
  readonly origins?: readonly string[];
  /** TCP connections at most. @default 65_536 */
  readonly connections?: number;
  /** Takes a new connection; `place` is given back when the session stands or the connection has ended. */
  readonly onDevice: (socket: DeviceSocket, place: HalfOpenPlace) => void;
  readonly onRequest: RequestHandler;
  readonly onRefused: RefusalListener;
  /** Hears when the machine accepts no connection (out of descriptors, say); the server goes on. */
  readonly onFault: (error: Error) => void;
  /** Called once, when nothing is listened to any more. */
  readonly onClosed: () => void;
}

/** What `ws` 8.23 takes and its published types do not know yet. */
interface FragmentLimits {
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  readonly maxPendingAutoPongs: number;
  readonly closeTimeout: number;
}

const WEB_SOCKET_OPTIONS: ServerOptions & FragmentLimits = {
  noServer: true,
  clientTracking: true,
  perMessageDeflate: false,
  maxPayload: limits.FMAX_MOST,
  // One message is one frame, not fragmented (§1); the largest one comes in well under 256 pieces of TCP.
  maxFragments: 1,
  maxBufferedChunks: 256,
  // More than a peer may ping at once (socket-limits.ts).
  maxPendingAutoPongs: 32,
  closeTimeout: 5_000,
  handleProtocols: () => SUB_PROTOCOL,
};

const HTTP_OPTIONS = {
  maxHeaderSize: 8_192,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

/**
 * Connections that the machine keeps until they are accepted, as many as Linux lets: one that finds no room comes again after
 * seconds only.
 */
const BACKLOG = 4_096;

/** A plain connection that neither takes nor sends anything is ended. */
const IDLE_MS = 20_000;
const REQUESTS_OF_A_CONNECTION = 64;

/** HTTP and WebSocket server of a management node. */
export class GatewayServer {
  readonly #options: GatewayServerOptions;
  readonly #server: Server;
  readonly #webSockets = new WebSocketServer(WEB_SOCKET_OPTIONS);
  readonly #arrivals: Arrivals;
  readonly #budget = new BufferBudget();

  private constructor(options: GatewayServerOptions) {
    this.#options = options;
    const { clock, halfOpen = {}, onRefused, socketLimits } = options;
    const deadlineMs = socketLimits.handshakeDeadlineMs;
    this.#arrivals = new Arrivals({ clock, halfOpen, onRefused, deadlineMs });
    this.#server = createServer(HTTP_OPTIONS, (request, response) => {
      this.#request(request, response);
    });
    this.#server.maxHeadersCount = HEADER_FIELDS;
    this.#server.maxRequestsPerSocket = REQUESTS_OF_A_CONNECTION;
    this.#server.timeout = IDLE_MS;
    this.#server.maxConnections = options.connections ?? 65_536;
    this.#server.on('connection', (socket) => {
      this.#arrivals.enter(socket);
    });
    this.#server.on('clientError', (error, socket) => {
      this.#malformed(error, socket);
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
    this.#webSockets.on('wsClientError', (error, socket) => {
      this.#refuse(socket, 400, 'UPGRADE_MALFORMED', error.message);
    });
  }

  /**
   * Listens.
   *
   * @throws {@link ManagementError} ADDRESS_IN_USE
   */
  static async listen(options: GatewayServerOptions): Promise<GatewayServer> {
    const gateway = new GatewayServer(options);
    const server = gateway.#server;
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        reject(error.code === 'EADDRINUSE' ? addressInUse(options, error) : error);
      };
      server.once('error', failed);
      const { port, host } = options;
      server.listen({ port, host, backlog: BACKLOG }, () => {
        server.off('error', failed);
        // Whom nobody hears, an error ends the process.
        server.on('error', options.onFault);
        resolve();
      });
    });
    return gateway;
  }

  /** Port that is listened on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections without a session. */
  get halfOpen(): number {
    return this.#arrivals.halfOpen;
  }

  /** Bytes in the buffers of all devices' connections. */
  get bufferedBytes(): number {
    return this.#budget.held;
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
    this.#options.onClosed();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const arrival = this.#arrivals.of(request.socket);
    // A body belongs to the request that is waited for.
    request.once('end', () => arrival?.heard());
    this.#options.onRequest(request, response, () => arrival?.place.keep());
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before `ws` takes the socket over, a reset by the peer must not become an uncaught error.
    socket.on('error', () => socket.destroy());
    const arrival = this.#arrivals.of(socket);
    if (arrival === undefined) {
      socket.destroy();
      return;
    }
    const refusal = upgradeRefusal(request, this.#options.origins ?? []);
    if (refusal !== null) {
      this.#refuse(socket, refusal.status, refusal.reason, refusal.detail);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      arrival.heard();
      this.#options.onDevice(this.#device(webSocket, socket, arrival), arrival.place);
    });
  }

  #device(webSocket: WebSocket, socket: Duplex, { remote, at }: Arrival): DeviceSocket {
    const { clock, random, socketLimits } = this.#options;
    const device = new DeviceSocket({
      socket: webSocket,
      remote,
      clock,
      random,
      limits: socketLimits,
      budget: this.#budget,
      elapsedMs: clock.monotonic() - at,
    });
    socket.on('data', (piece: Buffer) => {
      // After the errors that `ws` finds in this piece, which it tells in the next tick.
      setImmediate(() => {
        device.heard(piece.length);
      });
    });
    return device;
  }

  /** No HTTP, too large, or too slow. */
  #malformed(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const status = MALFORMED_STATUS[error.code ?? ''] ?? 400;
    this.#refuse(socket, status, 'REQUEST_MALFORMED', 'expected HTTP/1.1 within its limits');
  }

  #refuse(socket: Duplex, status: number, reason: string, detail: string): void {
    const remote = this.#arrivals.of(socket)?.remote;
    refuseConnection(socket, status, detail);
    if (remote !== undefined) this.#options.onRefused(remote, status, reason);
  }
}

const MALFORMED_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

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
