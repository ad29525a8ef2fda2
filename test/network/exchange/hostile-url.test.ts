import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';

import { fetchImage, type FetchPatience } from '../../../network/src/exchange/index.ts';
import { codeOf } from '../code-of.ts';
import { drip, forEver, HostileServer } from './hostile-server.ts';
import { GATEWAY } from './parties.ts';

const IMAGE = randomBytes(50_000);
const WANTED = { sha256: createHash('sha256').update(IMAGE).digest(), size: IMAGE.length };
/** Generous for a machine under load, and far below what a socket buffers. */
const WHILE = 60_000;

const fetchFrom = (server: HostileServer, patience: FetchPatience = {}): Promise<Uint8Array> =>
  fetchImage(
    { role: 'manager', party: 'gateway-1', vendor: 'northlight', url: server.url, patience },
    WANTED,
    GATEWAY.secret,
  );

const closed = async (server: HostileServer): Promise<void> => {
  const end = Date.now() + WHILE;
  while (server.open > 0 && Date.now() < end) await new Promise((done) => setTimeout(done, 5));
  expect(server.open).toBe(0);
};

describe('an image whose URL', () => {
  const lie =
    (length: number, bytes: Uint8Array): RequestListener =>
    (_, response) => {
      response.writeHead(200, { 'content-length': length }).write(bytes);
    };

  it.each<[string, RequestListener, FetchPatience, string]>([
    ['hangs', () => undefined, { deadlineMs: 50 }, 'FETCH_TIMEOUT'],
    [
      'hangs after its header',
      (_, response) => {
        response.flushHeaders();
      },
      { deadlineMs: 50 },
      'FETCH_TIMEOUT',
    ],
    ['drips', drip(5), { rateWindowMs: 50, minimumRate: 5_000 }, 'FETCH_TOO_SLOW'],
    ['drips just fast enough', drip(5), { deadlineMs: 100, minimumRate: 0 }, 'FETCH_TIMEOUT'],
    ['sends for ever', forEver, {}, 'FETCH_TOO_LONG'],
    [
      'says too much, and sends it',
      (_, response) => response.end(Buffer.concat([IMAGE, Buffer.from('x')])),
      {},
      'FETCH_TOO_LONG',
    ],
    ['says too much, and hangs', lie(99_999, IMAGE), { deadlineMs: 100 }, 'FETCH_TIMEOUT'],
    ['says too little', lie(40_000, IMAGE.subarray(0, 40_000)), {}, 'FETCH_TOO_SHORT'],
    [
      'breaks off',
      (request, response) => {
        lie(50_000, IMAGE.subarray(0, 10))(request, response);
        setImmediate(() => request.socket.destroy());
      },
      {},
      'FETCH_UNAVAILABLE',
    ],
    [
      'has bytes of the right length',
      (_, response) => response.end(randomBytes(IMAGE.length)),
      {},
      'EXCHANGE_DIGEST_MISMATCH',
    ],
    [
      'answers with an error without end',
      (request, response) => {
        response.writeHead(503);
        forEver(request, response);
      },
      {},
      'FETCH_TOO_LONG',
    ],
  ])('%s is given up, and the connection with it', async (_, answer, patience, code) => {
    await using server = await HostileServer.start(answer);
    expect(await codeOf(() => fetchFrom(server, patience))).toBe(code);
    await closed(server);
  });

  it('sends for ever is not read much beyond the signed length', async () => {
    await using server = await HostileServer.start(forEver);
    expect(await codeOf(() => fetchFrom(server))).toBe('FETCH_TOO_LONG');
    await closed(server);
    // What kernel and parser held when the limit was seen; an endless answer would be far beyond.
    expect(server.taken).toBeLessThan(16_777_216);
  });

  it.each([301, 302, 303, 307, 308])('redirects with %i is not followed', async (status) => {
    await using elsewhere = await HostileServer.start((_, response) => response.end(IMAGE));
    await using server = await HostileServer.start((_, response) => {
      response.writeHead(status, { location: `${elsewhere.url}/` }).end();
    });
    expect(await codeOf(() => fetchFrom(server))).toBe('FETCH_REDIRECTED');
    expect(elsewhere.requests).toBe(0);
  });

  it('behaves is taken', async () => {
    await using server = await HostileServer.start((_, response) => response.end(IMAGE));
    expect(Buffer.compare(await fetchFrom(server), IMAGE)).toBe(0);
  });
});
