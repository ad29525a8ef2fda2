import { request } from 'node:http';

import type { FailedCheck } from '../../../../network/src/embedded/operations/health.ts';
import { LogLevels } from '../../../../network/src/embedded/operations/log-levels.ts';
import {
  startOperations,
  type OperationsServer,
} from '../../../../network/src/embedded/operations/operations-server.ts';
import { codeOf } from '../../code-of.ts';

describe('the operations endpoint', () => {
  const levels = new LogLevels('info');
  const failed: FailedCheck[] = [];
  const metrics = {
    contentType: 'text/plain; version=0.0.4',
    metrics: () => Promise.resolve('a 1\n'),
  };
  let server: OperationsServer;

  beforeAll(async () => {
    server = await startOperations({
      port: 0,
      version: '0.1.0',
      instance: 'this-one',
      levels,
      metrics,
      failedChecks: () => failed,
      clock: () => new Date('2026-11-23T00:00:00Z'),
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    failed.length = 0;
    levels.activate('info');
  });

  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${server.url}${path}`, init);
  const put = (body: string): Promise<Response> => ask('/logspec', { method: 'PUT', body });

  it('says that all is well, and who it is', async () => {
    const response = await ask('/healthz');
    expect(response.status).toBe(200);
    expect(response.headers.get('lamplighter-instance')).toBe('this-one');
    expect(await response.json()).toEqual({ status: 'OK', time: '2026-11-23T00:00:00.000Z' });
  });

  it('says what is not well', async () => {
    failed.push({ component: 'peer0.northlight.example', reason: 'STORAGE_FAILED: disk full' });
    const response = await ask('/healthz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'Service Unavailable',
      time: '2026-11-23T00:00:00.000Z',
      failed_checks: failed,
    });
  });

  it('tells version and metrics', async () => {
    expect(await (await ask('/version')).json()).toEqual({ Version: '0.1.0' });
    const response = await ask('/metrics?a=b');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await response.text()).toBe('a 1\n');
  });

  it('answers 500 when the metrics can not be had', async () => {
    const broken = await startOperations({
      port: 0,
      version: '0.1.0',
      instance: 'another',
      levels,
      metrics: {
        contentType: 'text/plain',
        metrics: () => Promise.reject(new Error('no such luck')),
      },
      failedChecks: () => [],
    });
    try {
      const response = await fetch(`${broken.url}/metrics`);
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({ error: 'no such luck' });
    } finally {
      await broken.close();
    }
  });

  it('shows and changes the levels of the log', async () => {
    expect(await (await ask('/logspec')).json()).toEqual({ spec: 'info' });
    const response = await put('{"spec":"peer=debug:error"}');
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await (await ask('/logspec')).json()).toEqual({ spec: 'peer=debug:error' });
    expect((await put('{}')).status).toBe(204);
    expect(levels.spec).toBe('info');
  });

  it.each([
    ['a level that is none', '{"spec":"loud"}', "invalid logging specification 'loud'"],
    ['another type', '{"spec":7}', '"spec" expected a string'],
    ['no JSON', 'spec=debug', 'JSON'],
    ['too much', `{"spec":"${'x'.repeat(5_000)}"}`, 'expected up to 4096 bytes'],
  ])('refuses %s for a specification', async (_, body, reason) => {
    const response = await put(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(reason) as string });
    expect(levels.spec).toBe('info');
  });

  it.each([
    ['POST', '/healthz', 405],
    ['POST', '/metrics', 405],
    ['DELETE', '/version', 400],
    ['DELETE', '/logspec', 400],
    ['GET', '/', 404],
    ['GET', '/healthz/more', 404],
    ['HEAD', '/metrics', 200],
  ])('answers %s %s with %i', async (method, path, status) => {
    expect((await ask(path, { method })).status).toBe(status);
  });

  it('does not answer to a name that somebody else made for this machine', async () => {
    const { port } = new URL(server.url);
    const status = await new Promise((resolve) => {
      request({ port, path: '/logspec', headers: { host: 'rebound.example' } }, (response) => {
        resolve(response.resume().statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('says which port is taken', async () => {
    const { port } = new URL(server.url);
    const second = startOperations({
      port: Number(port),
      version: '0.1.0',
      instance: 'second',
      levels,
      metrics,
      failedChecks: () => [],
    });
    expect(await codeOf(() => second)).toBe('PORT_TAKEN');
  });
});
