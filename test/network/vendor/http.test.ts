import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { HttpServer, type Route, type WholeAnswer } from '../../../network/src/vendor/http.ts';

const OK: WholeAnswer = { type: 'text/plain', body: Buffer.from('ok') };
const route = (handle: Route['handle']): Route => ({ method: 'GET', pattern: /^\/(.*)$/, handle });
const listen = (routes: readonly Route[], concurrency?: number): Promise<HttpServer> =>
  HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    routes,
    ...(concurrency === undefined ? {} : { concurrency }),
  });

describe('HTTP server', () => {
  it('does not tell what failed inside', async () => {
    await using server = await listen([route(() => Promise.reject(new Error('kv is 0123')))]);
    const response = await fetch(server.url);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('0123');
  });

  it('refuses requests over its concurrency', async () => {
    let release: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    await using server = await listen(
      [
        route(async () => {
          entered();
          await waiting;
          return OK;
        }),
      ],
      1,
    );
    const first = fetch(server.url);
    await inside;
    const second = await fetch(server.url);
    expect(second.status).toBe(503);
    expect(await second.json()).toMatchObject({ code: 'BUSY' });
    release();
    expect((await first).status).toBe(200);
  });

  it('refuses headers over 8 KiB', async () => {
    await using server = await listen([route(() => Promise.resolve(OK))]);
    const response = await fetch(server.url, { headers: { x: 'a'.repeat(9_000) } });
    expect(response.status).toBe(431);
  });

  it('tells a route when its client goes away', async () => {
    let gone: (reason: unknown) => void = () => undefined;
    const reason = new Promise<unknown>((resolve) => {
      gone = resolve;
    });
    await using server = await listen([
      route(
        ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              gone(signal.reason);
              reject(signal.reason as Error);
            });
            client.destroy();
          }),
      ),
    ]);
    const client = connect(Number(new URL(server.url).port), '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await reason).toMatchObject({ code: 'CLOSED' });
  });

  it('tells how much was sent', async () => {
    let told: (bytes: number) => void = () => undefined;
    const sent = new Promise<number>((resolve) => {
      told = resolve;
    });
    await using server = await listen([
      route(() =>
        Promise.resolve({
          ...OK,
          sent: (bytes) => {
            told(bytes);
          },
        }),
      ),
    ]);
    await (await fetch(server.url)).arrayBuffer();
    expect(await sent).toBe(2);
  });

  describe('with an answer in pieces', () => {
    const IDLE_MS = 1_500;
    const pieces = (count: number, everyMs: number, left?: () => void): Route =>
      route(() => {
        async function* tell(): AsyncGenerator<Uint8Array> {
          try {
            for (let piece = 0; piece < count; piece += 1) {
              yield Buffer.from(`${String(piece)}\n`);
              await sleep(everyMs, undefined, { ref: false });
            }
          } finally {
            left?.();
          }
        }
        return Promise.resolve({ type: 'text/plain', pieces: tell() });
      });
    const listenBriefly = (one: Route): Promise<HttpServer> =>
      HttpServer.listen({ host: '127.0.0.1', port: 0, routes: [one], idleMs: IDLE_MS });

    it('cuts none that takes longer than a client may be silent', async () => {
      await using server = await listenBriefly(pieces(20, IDLE_MS / 10));
      const text = await (await fetch(server.url)).text();
      expect(text.split('\n')).toHaveLength(21);
    });

    it('cuts one that is silent for so long', async () => {
      await using server = await listenBriefly(pieces(2, 2 * IDLE_MS));
      await expect((await fetch(server.url)).text()).rejects.toThrow('terminated');
    });

    it('is left when the client goes away or the server closes', async () => {
      let left = 0;
      const endless = pieces(Infinity, 5, () => {
        left += 1;
      });
      const server = await listenBriefly(endless);
      const client = new AbortController();
      const { body } = await fetch(server.url, { signal: client.signal });
      await body?.getReader().read();
      client.abort();
      while (left < 1) await sleep(5);
      await (await fetch(server.url)).body?.getReader().read();
      await server.close();
      while (left < 2) await sleep(5);
      expect(left).toBe(2);
    });

    it('breaks off when a piece fails', async () => {
      async function* fail(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(Buffer.from('x'));
        throw new Error('kv is 0123');
      }
      const failing = route(() => Promise.resolve({ type: 'text/plain', pieces: fail() }));
      await using server = await listenBriefly(failing);
      await expect((await fetch(server.url)).text()).rejects.toThrow('terminated');
    });
  });

  it('closes twice without harm', async () => {
    const server = await listen([]);
    await server.close();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });
});
