/**
 * The operations endpoint as Fabric's nodes have it (core/operations): `/healthz`, `/metrics`, `/version`, `/logspec`. One for
 * the whole network, on this machine only; requests are small, few and short, and a page in a browser can not make them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { EmbeddedError, messageOf } from '../errors.ts';
import { healthStatus, type FailedCheck } from './health.ts';
import { LogSpecError, type LogLevels } from './log-levels.ts';

export interface OperationsOptions {
  /** 0 for a free one. */
  readonly port: number;
  readonly version: string;
  /** Goes out with each answer as `lamplighter-instance`, so that a tool knows whom it talks to. */
  readonly instance: string;
  readonly levels: LogLevels;
  readonly metrics: MetricsText;
  /** What does not work now. */
  readonly failedChecks: () => readonly FailedCheck[] | Promise<readonly FailedCheck[]>;
  /** @default the system clock */
  readonly clock?: () => Date;
}

/** prom-client's registries fit. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface OperationsServer {
  /** Base URL. */
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Handler = (request: IncomingMessage) => Promise<Answer> | Answer;

const HOST = '127.0.0.1';
const CONNECTIONS = 32;
const HEADER_BYTES = 8_192;
const BODY_BYTES = 4_096;
const REQUEST_MS = 10_000;
const JSON_TYPE = 'application/json';
/** Names under which this machine reaches itself; any other was made to point here by somebody else. */
const OWN_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** @throws {@link EmbeddedError} PORT_TAKEN */
export async function startOperations(options: OperationsOptions): Promise<OperationsServer> {
  const handlers = handlersOf(options);
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => {
      response.setHeader('lamplighter-instance', options.instance);
      void serve(handlers, request, response);
    },
  );
  server.maxConnections = CONNECTIONS;
  const port = await listen(server, options.port);
  return { url: `http://${HOST}:${port}`, close: () => stop(server) };
}

function handlersOf(options: OperationsOptions): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    ['/healthz', (request) => health(request, options)],
    ['/metrics', (request) => metrics(request, options.metrics)],
    ['/version', (request) => version(request, options.version)],
    ['/logspec', (request) => logspec(request, options.levels)],
  ]);
}

async function serve(
  handlers: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body } = await answer(handlers, request);
  response.writeHead(status, body === '' ? {} : { 'content-type': type });
  response.end(request.method === 'HEAD' ? '' : body);
}

async function answer(
  handlers: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
): Promise<Answer> {
  if (!OWN_NAMES.has((request.headers.host ?? '').replace(/:\d+$/, ''))) {
    return text(403, 'this endpoint answers to 127.0.0.1 and localhost only');
  }
  const handler = handlers.get((request.url ?? '').split('?')[0] ?? '');
  if (!handler) return text(404, '404 page not found');
  try {
    return await handler(request);
  } catch (error) {
    return json(500, { error: messageOf(error) });
  }
}

async function health({ method }: IncomingMessage, options: OperationsOptions): Promise<Answer> {
  if (method !== 'GET') return text(405, '');
  const { failedChecks, clock = () => new Date() } = options;
  const failed = await failedChecks();
  return json(failed.length === 0 ? 200 : 503, healthStatus(failed, clock()));
}

async function metrics({ method }: IncomingMessage, source: MetricsText): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return text(405, '');
  return { status: 200, type: source.contentType, body: await source.metrics() };
}

function version({ method }: IncomingMessage, own: string): Answer {
  return method === 'GET' ? json(200, { Version: own }) : json(400, { Error: badMethod(method) });
}

async function logspec(request: IncomingMessage, levels: LogLevels): Promise<Answer> {
  if (request.method === 'GET') return json(200, { spec: levels.spec });
  if (request.method !== 'PUT') return json(400, { error: badMethod(request.method) });
  try {
    levels.activate(specOf(await bodyOf(request)));
    return text(204, '');
  } catch (error) {
    if (error instanceof LogSpecError || error instanceof SyntaxError) {
      return json(400, { error: error.message });
    }
    throw error;
  }
}

/** @throws SyntaxError, LogSpecError */
function specOf(body: string): string {
  const value: unknown = JSON.parse(body);
  const spec = typeof value === 'object' && value !== null && 'spec' in value ? value.spec : '';
  if (typeof spec !== 'string') throw new LogSpecError('"spec" expected a string');
  return spec;
}

/** @throws LogSpecError when it is longer than a specification may be. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Left whole when it is too long, so that there is still somebody to answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES) throw new LogSpecError(`expected up to ${BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function badMethod(method: string | undefined): string {
  return `invalid request method: ${method ?? ''}`;
}

function json(status: number, value: object): Answer {
  return { status, type: JSON_TYPE, body: JSON.stringify(value) };
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `the operations endpoint cannot listen on ${HOST}:${port} (${cause.message}); stop what listens there`;
      reject(new EmbeddedError('PORT_TAKEN', message, { cause }));
    });
    server.listen({ host: HOST, port, exclusive: true }, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
