/** The node's plain HTTP surface: `POST /v1/anchors` for vendors; errors as problem+json with our codes. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { RequestHandler } from './gateway-server.ts';
import { describe } from './supervise.ts';

/** 500 anchors asked for are below this. */
const BODY_BYTES = 65_536;
/** Bodies that are read at a time: 16 MiB. */
const BODIES = 256;
/** Requests that are answered at a time: each reads the ledger before its signature can be checked. */
const ANSWERS = 16;

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

/** Who answers: {@link AnchorService}. */
export interface AnchorAnswers {
  answer(body: Uint8Array, verified: () => void): Promise<Uint8Array>;
}

/** Why a request is not answered. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

const BUSY: Problem = { status: 503, code: 'BUSY', detail: 'too many requests at a time' };
const TOO_LARGE: Problem = {
  status: 413,
  code: 'BODY_TOO_LARGE',
  detail: `expected at most ${BODY_BYTES} bytes`,
};

/** Serves vendors, a bounded number at a time. */
export function newRequestHandler(anchors: AnchorAnswers): RequestHandler {
  const bodies = new Places(BODIES);
  const answers = new Places(ANSWERS);
  const serve = async (
    request: IncomingMessage,
    response: ServerResponse,
    keep: () => void,
  ): Promise<void> => {
    try {
      const refused = refusalOf(request);
      if (refused !== null) {
        problem(response, refused);
        return;
      }
      const body = await bodies.within(() => readBody(request));
      if (!(body instanceof Uint8Array)) {
        problem(response, body);
        return;
      }
      const answer = await answers.within(() => anchors.answer(body, keep));
      if (answer instanceof Uint8Array) send(response, answer);
      else problem(response, answer);
    } catch (error) {
      const { code, reason } = describe(error);
      const detail = code === 'UNKNOWN' ? 'own fault' : reason;
      problem(response, { status: STATUS[code] ?? 400, code, detail });
    }
  };
  return (request, response, keep) => {
    void serve(request, response, keep);
  };
}

/** So many at a time, the others are told that they are too many. */
class Places {
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  async within<T>(work: () => Promise<T>): Promise<T | Problem> {
    if (this.#free === 0) return BUSY;
    this.#free -= 1;
    try {
      return await work();
    } finally {
      this.#free += 1;
    }
  }
}

function refusalOf({ url, method, headers }: IncomingMessage): Problem | null {
  if (url !== '/v1/anchors') {
    const detail = 'this node serves POST /v1/anchors and devices';
    return { status: 404, code: 'NOT_FOUND', detail };
  }
  if (method !== 'POST') {
    return { status: 405, code: 'METHOD_NOT_ALLOWED', detail: 'expected POST' };
  }
  return Number(headers['content-length'] ?? 0) > BODY_BYTES ? TOO_LARGE : null;
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | Problem> {
  const pieces: Buffer[] = [];
  let received = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    received += piece.length;
    if (received > BODY_BYTES) return TOO_LARGE;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function send(response: ServerResponse, answer: Uint8Array): void {
  response.writeHead(200, {
    'content-type': 'application/cbor',
    'content-length': answer.length,
  });
  response.end(answer);
}

function problem(response: ServerResponse, { status, code, detail }: Problem): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({ title: STATUS_CODES[status], status, code, detail });
  // What is left of a refused body is not read.
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' });
  response.end(body);
}
