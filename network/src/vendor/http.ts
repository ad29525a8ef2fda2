/**
 * A small HTTP server: routes by pattern, bounded headers, bodies, times and connections, and errors as problem+json
 * (RFC 9457) with a `code`. Hides node:http. What is served is in routes.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { silentLogger, type VendorLogger } from './logger.ts';
import { problemOf } from './problem.ts';
import { VendorError } from './vendor-error.ts';

export interface Exchange {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** What the route's pattern captured. */
  readonly parameters: readonly string[];
  readonly headers: IncomingMessage['headers'];
  /** Reads the body. @throws VendorError BODY_TOO_LARGE */
  body(limitBytes: number): Promise<Uint8Array>;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

export type Answer = WholeAnswer | StreamedAnswer;

interface AnswerHead {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type: string;
}

/** Sent piece by piece as they come, without a length: each may take as long as a client may be silent. */
export interface StreamedAnswer extends AnswerHead {
  readonly pieces: AsyncIterable<Uint8Array>;
}

export interface WholeAnswer extends AnswerHead {
  readonly body: Uint8Array;
  /** Called once with the bytes handed to the connection, when it is done or broken. */
  readonly sent?: (bytes: number) => void;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly pattern: RegExp;
  readonly handle: (exchange: Exchange) => Promise<Answer>;
}

export interface HttpOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly routes: readonly Route[];
  /** Requests at work at the same time; more are refused with 503. @default 64 */
  readonly concurrency?: number;
  /** @default 256 */
  readonly connections?: number;
  /** Milliseconds after which a client that neither sends nor takes anything is dropped. @default 60_000 */
  readonly idleMs?: number;
  readonly logger?: VendorLogger;
}

const HEADER_BYTES = 8_192;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_MS = 60_000;

export class HttpServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: HttpOptions;
  readonly #logger: VendorLogger;
  readonly #closing = new AbortController();
  #url = '';
  #working = 0;

  private constructor(options: HttpOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#server = createServer(
      { maxHeaderSize: HEADER_BYTES, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
    this.#server.maxConnections = options.connections ?? 256;
    this.#server.setTimeout(options.idleMs ?? IDLE_MS);
  }

  /** @throws VendorError ADDRESS_IN_USE */
  static async listen(options: HttpOptions): Promise<HttpServer> {
    const server = new HttpServer(options);
    await server.#listen();
    return server;
  }

  /** Base URL. */
  get url(): string {
    return this.#url;
  }

  /** Breaks off what is under way and frees the port. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new VendorError('CLOSED', 'the vendor node closes'));
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE';
        const text = `cannot listen on ${host}:${port}: it is taken`;
        reject(taken ? new VendorError('ADDRESS_IN_USE', text, { cause: error }) : error);
      });
      this.#server.listen({ host, port, exclusive: true }, () => {
        const bound = this.#server.address() as AddressInfo;
        const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
        this.#url = `http://${name}:${bound.port}`;
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort(new VendorError('CLOSED', 'the client went away'));
    });
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    this.#working += 1;
    try {
      const answer = await this.#answer(request, signal);
      if ('pieces' in answer) await stream(response, answer, signal);
      else send(response, answer);
    } catch (error) {
      this.#refuse(request, response, error);
    } finally {
      this.#working -= 1;
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    if (this.#working > (this.#options.concurrency ?? 64)) {
      throw new VendorError('BUSY', 'too many requests at the same time');
    }
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const { route, parameters } = this.#route(request.method ?? '', path);
    return route.handle({
      method: route.method,
      path,
      parameters,
      headers: request.headers,
      body: (limitBytes) => readBody(request, limitBytes),
      signal,
    });
  }

  #route(method: string, path: string): { route: Route; parameters: readonly string[] } {
    const matches = this.#options.routes.flatMap((route) => {
      const match = route.pattern.exec(path);
      return match === null ? [] : [{ route, parameters: match.slice(1) }];
    });
    const found = matches.find(({ route }) => route.method === method);
    if (found !== undefined) return found;
    throw matches.length === 0
      ? new VendorError('ROUTE_NOT_FOUND', 'nothing is served at this path')
      : new VendorError('METHOD_NOT_ALLOWED', 'this path takes another method');
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const problem = problemOf(error);
    if (problem.status >= 500) this.#logger.warn({ error, path: request.url }, 'request failed');
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // What is left of the request's body is not read: the connection ends with this answer.
    response.setHeader('connection', 'close');
    const body = Buffer.from(JSON.stringify(problem));
    send(response, { status: problem.status, type: 'application/problem+json', body });
  }
}

async function stream(
  response: ServerResponse,
  { status, headers, type, pieces }: StreamedAnswer,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(status ?? 200, { ...headers, ...headersFor(type) });
  try {
    await pipeline(Readable.from(pieces), response, { signal });
  } catch (error) {
    // Nobody hears the rest.
    if (!signal.aborted) throw error;
  }
}

function headersFor(type: string): Readonly<Record<string, string>> {
  return {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}

function send(response: ServerResponse, answer: WholeAnswer): void {
  const { body, sent } = answer;
  if (sent !== undefined) {
    const before = response.socket?.bytesWritten ?? 0;
    response.once('close', () => {
      const written = (response.socket?.bytesWritten ?? before) - before;
      sent(response.writableFinished ? body.length : Math.min(written, body.length));
    });
  }
  response.writeHead(answer.status ?? 200, {
    ...answer.headers,
    ...headersFor(answer.type),
    'content-length': body.length,
  });
  response.end(body);
}

async function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let received = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    received += piece.length;
    if (received > limitBytes) {
      throw new VendorError('BODY_TOO_LARGE', `expected a body of at most ${limitBytes} bytes`);
    }
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
