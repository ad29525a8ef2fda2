import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ExchangeError, fetchBounded } from '../../../network/src/exchange/index.ts';
import { codeOf } from '../code-of.ts';

let server: Server;
let url: string;
let answer: RequestListener;

beforeAll(async () => {
  server = createServer((request, response) => {
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const body =
  (bytes: Uint8Array | string, status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status).end(bytes);
  };

describe('bounded fetch', () => {
  it('gets a body', async () => {
    answer = body('hello');
    expect(Buffer.from(await fetchBounded(url, { limitBytes: 5 })).toString()).toBe('hello');
  });

  it('posts a body', async () => {
    answer = (request, response) => {
      expect(request.method).toBe('POST');
      expect(request.headers['content-type']).toBe('application/cbor');
      request.pipe(response);
    };
    const sent = new Uint8Array([1, 2, 3]);
    expect(await fetchBounded(url, { body: sent, limitBytes: 3 })).toEqual(sent);
  });

  it.each([
    ['one byte too long', 'hello!', { limitBytes: 5 }, 'FETCH_TOO_LONG'],
    ['longer than named', 'hello!', { limitBytes: 99, exactBytes: 5 }, 'FETCH_TOO_LONG'],
    ['cut short', 'hell', { limitBytes: 99, exactBytes: 5 }, 'FETCH_TOO_SHORT'],
    ['empty', '', { limitBytes: 99, exactBytes: 5 }, 'FETCH_TOO_SHORT'],
  ])('refuses an answer that is %s', async (_, text, options, code) => {
    answer = body(text);
    expect(await codeOf(() => fetchBounded(url, options))).toBe(code);
  });

  it('stops an answer that does not end', async () => {
    answer = (_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
      };
      response.on('drain', more);
      more();
    };
    expect(await codeOf(() => fetchBounded(url, { limitBytes: 1_000_000 }))).toBe('FETCH_TOO_LONG');
  });

  it('refuses a redirect', async () => {
    answer = (_, response) => {
      response.writeHead(302, { location: url }).end();
    };
    expect(await codeOf(() => fetchBounded(url, { limitBytes: 99 }))).toBe('FETCH_REDIRECTED');
  });

  it('gives up at the deadline', async () => {
    answer = () => undefined;
    expect(await codeOf(() => fetchBounded(url, { limitBytes: 99, deadlineMs: 30 }))).toBe(
      'FETCH_TIMEOUT',
    );
  });

  it('gives up on an answer that trickles', async () => {
    answer = (_, response) => {
      response.writeHead(200).write('x');
    };
    const options = { limitBytes: 99, rateWindowMs: 20 };
    expect(await codeOf(() => fetchBounded(url, options))).toBe('FETCH_TOO_SLOW');
  });

  it('tells of a connection that breaks', async () => {
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x');
      setImmediate(() => request.socket.destroy());
    };
    expect(await codeOf(() => fetchBounded(url, { limitBytes: 99 }))).toBe('FETCH_UNAVAILABLE');
  });

  it('tells of nobody there', async () => {
    const nobody = 'http://127.0.0.1:1/';
    expect(await codeOf(() => fetchBounded(nobody, { limitBytes: 99 }))).toBe('FETCH_UNAVAILABLE');
  });

  it('ends with the reason of its signal', async () => {
    answer = () => {
      controller.abort(new Error('enough'));
    };
    const controller = new AbortController();
    const fetching = fetchBounded(url, { limitBytes: 99, signal: controller.signal });
    await expect(fetching).rejects.toThrow('enough');
    await expect(fetchBounded(url, { limitBytes: 9, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
  });

  it.each([
    ['a problem document', JSON.stringify({ code: 'DEVICE_UNKNOWN' }), 'DEVICE_UNKNOWN'],
    ['a code that is none of ours', JSON.stringify({ code: '<b>' }), ''],
    ['another document', '<html>', ''],
    ['JSON that is no object', 'null', ''],
  ])('tells status and code of a refusal with %s', async (_, text, problem) => {
    answer = body(text, 404);
    const refusal: unknown = await fetchBounded(url, { limitBytes: 9 }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ExchangeError);
    expect(refusal).toMatchObject({ code: 'FETCH_REFUSED', status: 404, problem });
  });

  it('does not read a refusal without end', async () => {
    answer = body(Buffer.alloc(5_000), 500);
    expect(await codeOf(() => fetchBounded(url, { limitBytes: 99_999 }))).toBe('FETCH_TOO_LONG');
  });
});
