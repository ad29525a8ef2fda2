import { connect } from 'node:net';

import { HttpServer, type Answer, type Route } from '../../../network/src/vendor/http.ts';

const OK: Answer = { type: 'text/plain', body: Buffer.from('ok') };
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

  it('closes twice without harm', async () => {
    const server = await listen([]);
    await server.close();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });
});
