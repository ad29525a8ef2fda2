/** The transport over a real WebSocket on loopback (docs/protocol.md §1). */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { nodeTransport } from '../../../sdk/src/device/transport-node.ts';
import { platformTransport } from '../../../sdk/src/device/transport.ts';

const OPTIONS = { maxFrameBytes: 4608, signal: new AbortController().signal };

describe('nodeTransport', () => {
  let server: WebSocketServer;
  let url: string;
  const sockets: WebSocket[] = [];

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) => sockets.push(socket));
    await once(server, 'listening');
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/device`;
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it('is the transport of this platform', async () => {
    expect(await platformTransport()).toBe(nodeTransport);
  });

  it('offers the sub-protocol and no extension, and carries frames both ways in order', async () => {
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const connection = await nodeTransport(url, OPTIONS);
    const [socket] = await connected;
    expect([socket.protocol, socket.extensions]).toEqual(['lamplighter.v1', '']);
    const received = once(socket, 'message') as Promise<[Buffer, boolean]>;
    connection.send(Uint8Array.of(1, 2, 3));
    const [data, isBinary] = await received;
    expect([[...data], isBinary]).toEqual([[1, 2, 3], true]);
    socket.send(Uint8Array.of(4));
    socket.send(Uint8Array.of(5, 6));
    expect(await connection.inbox.next()).toEqual(Uint8Array.of(4));
    expect(await connection.inbox.next()).toEqual(Uint8Array.of(5, 6));
    connection.close(4402);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4402);
    expect(await connection.inbox.next()).toBeNull();
  });

  it('tells the close code of the manager', async () => {
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const connection = await nodeTransport(url, OPTIONS);
    const [socket] = await connected;
    socket.close(4401);
    expect(await connection.inbox.next()).toBeNull();
    expect(connection.inbox.closeCode).toBe(4401);
  });

  it.each([
    ['text', 4400, 'hello'],
    ['a frame beyond fmax', 1009, new Uint8Array(4609)],
  ])('refuses %s with %i', async (_, code, message) => {
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const connection = await nodeTransport(url, OPTIONS);
    const [socket] = await connected;
    const closed = once(socket, 'close') as Promise<[number]>;
    socket.send(message);
    expect((await closed)[0]).toBe(code);
    expect(await connection.inbox.next()).toBeNull();
  });

  it('fails with a code when nobody listens, or without the sub-protocol', async () => {
    await expect(nodeTransport('ws://127.0.0.1:9/v1/device', OPTIONS)).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    });
    const plain = createServer((_, response) => response.writeHead(400).end());
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    await expect(nodeTransport(`ws://127.0.0.1:${port}/`, OPTIONS)).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    });
    await new Promise((resolve) => plain.close(resolve));
  });

  it('stops dialling when its signal aborts', async () => {
    const abort = new AbortController();
    const dialled = nodeTransport(url, { ...OPTIONS, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(dialled).rejects.toThrow('enough');
  });
});
