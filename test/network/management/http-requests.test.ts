import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newRequestHandler } from '../../../network/src/management/http-requests.ts';

describe('plain requests', () => {
  const answer = jest.fn<Promise<Uint8Array>, [Uint8Array, () => void]>();
  let server: Server;
  let kept = 0;
  beforeEach(async () => {
    kept = 0;
    answer.mockReset().mockImplementation((body, verified) => {
      verified();
      return Promise.resolve(body);
    });
    const handler = newRequestHandler({ answer });
    server = createServer((incoming, response) => {
      handler(incoming, response, () => (kept += 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const post = (
    body: Uint8Array,
    headers: Record<string, string> = {},
    path = '/v1/anchors',
    method = 'POST',
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
      call.on('error', reject);
      call.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const { code } = JSON.parse(Buffer.concat(pieces).toString() || '{}') as {
            code?: string;
          };
          resolve(`${String(response.statusCode)} ${code ?? ''}`.trim());
        });
      });
      call.end(body);
    });
  const empty = new Uint8Array(0);

  it('answers a vendor, whose place is then kept', async () => {
    expect(await post(Buffer.from('{}'))).toBe('200');
    expect(kept).toBe(1);
  });

  it('refuses other paths, methods, and bodies that are or say they are too large', async () => {
    expect(await post(empty, {}, '/v1/anchors/')).toBe('404 NOT_FOUND');
    expect(await post(empty, {}, '/v1/anchors', 'PUT')).toBe('405 METHOD_NOT_ALLOWED');
    expect(await post(new Uint8Array(65_537))).toBe('413 BODY_TOO_LARGE');
    const chunked = { 'transfer-encoding': 'chunked' };
    expect(await post(new Uint8Array(65_537), chunked)).toBe('413 BODY_TOO_LARGE');
    expect(answer).not.toHaveBeenCalled();
  });

  it('tells no error of its own to a peer', async () => {
    answer.mockRejectedValue(new Error('secret'));
    expect(await post(empty)).toBe('500 UNKNOWN');
  });

  it('answers 16 at a time and tells others that it is busy', async () => {
    const waiting: (() => void)[] = [];
    let full: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (full = resolve));
    answer.mockImplementation(
      () =>
        new Promise((resolve) => {
          waiting.push(() => {
            resolve(Buffer.from('{}'));
          });
          if (waiting.length === 16) full();
        }),
    );
    const held = Array.from({ length: 16 }, () => post(empty));
    await all;
    expect(await post(empty)).toBe('503 BUSY');
    for (const go of waiting) go();
    expect(new Set(await Promise.all(held))).toEqual(new Set(['200']));
    answer.mockResolvedValue(Buffer.from('{}'));
    expect(await post(empty)).toBe('200');
  });
});
