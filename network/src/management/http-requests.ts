/** The node's plain HTTP surface: `POST /v1/anchors` for vendors; errors as problem+json with our codes. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AnchorService } from './anchors.ts';
import type { RequestHandler } from './gateway-server.ts';
import { describe } from './supervise.ts';

/** 500 anchors asked for are below this. */
const BODY_BYTES = 65_536;

/** HTTP status of the codes that have one of their own; all others are 400. */
const STATUS: Readonly<Record<string, number>> = {
  EXCHANGE_BAD_SIGNATURE: 401,
  EXCHANGE_STALE: 401,
  EXCHANGE_REPLAYED: 409,
  EXCHANGE_TOO_MANY: 429,
  VENDOR_NOT_FOUND: 401,
  UNAVAILABLE: 503,
  TIMEOUT: 503,
  UNKNOWN: 500,
};

/** Serves vendors. */
export function newRequestHandler(anchors: AnchorService): RequestHandler {
  return (request, response) => {
    void serve(anchors, request, response);
  };
}

async function serve(
  anchors: AnchorService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url !== '/v1/anchors') {
    problem(response, 404, 'NOT_FOUND', 'this node serves POST /v1/anchors and devices');
    return;
  }
  if (request.method !== 'POST') {
    problem(response, 405, 'METHOD_NOT_ALLOWED', 'expected POST');
    return;
  }
  try {
    const body = await readBody(request);
    if (body === null) {
      problem(response, 413, 'BODY_TOO_LARGE', `expected at most ${BODY_BYTES} bytes`);
      return;
    }
    const answer = await anchors.answer(body);
    response.writeHead(200, {
      'content-type': 'application/cbor',
      'content-length': answer.length,
    });
    response.end(answer);
  } catch (error) {
    const { code, reason } = describe(error);
    problem(response, STATUS[code] ?? 400, code, code === 'UNKNOWN' ? 'own fault' : reason);
  }
}

/** The body, or null when it is too large. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const pieces: Buffer[] = [];
  let received = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    received += piece.length;
    if (received > BODY_BYTES) return null;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({ title: STATUS_CODES[status], status, code, detail });
  // What is left of a refused body is not read.
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' });
  response.end(body);
}
