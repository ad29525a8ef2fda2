/**
 * The adversary of the demonstration: a mirror between gateways and a vendor that relays everything but flips one bit
 * in each device's release envelope (the vendor's MAC). Devices must refuse what came this way.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const ENVELOPE = /^\/v1\/releases\/[0-9a-f]{64}\/envelopes\//;
/** More than any firmware of the demonstration. */
const MOST_BYTES = 4 * 1_048_576;
const DEADLINE_MS = 15_000;

export class TamperingMirror implements AsyncDisposable {
  static readonly id = 'tampering-mirror';
  readonly id = TamperingMirror.id;
  readonly #server: Server;
  readonly #vendorUrl: string;

  private constructor(vendorUrl: string) {
    this.#vendorUrl = vendorUrl;
    this.#server = createServer((request, response) => {
      this.#relay(request, response).catch((error: unknown) => {
        response.writeHead(502, { 'content-type': 'text/plain' }).end(String(error));
      });
    });
  }

  /**
   * @param vendorUrl base URL of the vendor node that it stands before
   * @param port 0 for a free one
   */
  static async start(vendorUrl: string, port: number): Promise<TamperingMirror> {
    const mirror = new TamperingMirror(vendorUrl);
    mirror.#server.listen(port, '127.0.0.1');
    await once(mirror.#server, 'listening');
    return mirror;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('not listening');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const headers = Object.entries(request.headersDistinct).flatMap(([name, values]) =>
      name === 'host' || name === 'connection'
        ? []
        : (values ?? []).map((value): [string, string] => [name, value]),
    );
    const answer = await fetch(new URL(path, this.#vendorUrl), {
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (body.length > MOST_BYTES) throw new RangeError('the vendor sends more than a firmware');
    if (ENVELOPE.test(path) && answer.ok) flipLastBit(body);
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    const range = answer.headers.get('content-range');
    response
      .writeHead(answer.status, {
        'content-type': type,
        'content-length': body.length,
        ...(range === null ? {} : { 'content-range': range }),
      })
      .end(body);
  }
}

/** The envelope ends with its last signature, so this breaks it and nothing else. */
function flipLastBit(body: Buffer): void {
  body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
}
