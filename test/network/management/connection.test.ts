import { request } from 'node:http';
import { encodeFrame } from '@lamplighter/sdk/wire';
import { acceptResync, acceptSession } from '@lamplighter/sdk/protocol';
import { ManagementNode } from '../../../network/src/management/index.ts';
import { TestCity } from './support/test-city.ts';
import { Line } from './support/test-device.ts';

describe('a device connection', () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
  });
  afterEach(async () => {
    await city.close();
  });

  const refused = async (reason: string): Promise<number> =>
    (await city.event('connection-refused', (event) => event.reason === reason)).closeCode;

  describe.each(['end', 'lightweight'] as const)('of class %s', (kind) => {
    it('reaches a session', async () => {
      const device = await city.device(kind);
      const session = await device.open(city.url);
      expect(await city.event('device-connected')).toMatchObject({ device: device.id });
      expect(city.node.connected).toBe(1);
      session.line.close();
      expect(await city.event('device-disconnected')).toMatchObject({ closeCode: 1000 });
    });

    it('is refused with 4401 when its key is wrong', async () => {
      const device = await city.device(kind);
      device.epoch = { ...device.epoch, kHello: new Uint8Array(32) };
      await expect(device.open(city.url)).rejects.toThrow('closed with 4401');
      expect(await refused('HELLO_MAC_WRONG')).toBe(4401);
    });

    it('is refused with 4401 when its kid is unknown', async () => {
      const device = await city.device(kind);
      const { assignment } = device.epoch;
      const unknown = { ...assignment, kid: new Uint8Array(16) };
      device.epoch = { ...device.epoch, assignment: unknown };
      await expect(device.open(city.url)).rejects.toThrow('closed with 4401');
      expect(await refused('HELLO_UNKNOWN_KID')).toBe(4401);
    });

    it('is answered with resync and 4409 when its Hello is replayed, and goes on after it', async () => {
      const device = await city.device(kind);
      const before = device.epoch;
      await device.open(city.url);
      device.epoch = before;
      const line = await Line.dial(city.url);
      const { frame, pending } = device.hello();
      line.send(frame);
      device.epoch = acceptResync(pending, await line.next());
      expect(await line.closed).toBe(4409);
      await device.open(city.url);
      expect(city.node.connected).toBe(1);
    });

    it('is told 4423 once suspended, in its session and at its next Hello', async () => {
      const device = await city.device(kind);
      const session = await device.open(city.url);
      city.ledger.emit('DeviceSuspended', { device: device.id, manager: 'gateway-1' });
      expect(await session.line.closed).toBe(4423);
      await expect(device.open(city.url)).rejects.toThrow('closed with 4423');
    });

    it('makes room for a second connection of the same device: the newest wins', async () => {
      const device = await city.device(kind);
      const first = await device.open(city.url);
      const second = await device.open(city.url);
      expect(await first.line.closed).toBe(4429);
      expect(city.node.connected).toBe(1);
      second.send({ type: 'close-notify', code: 0 });
      expect(await second.line.closed).toBe(1000);
    });
  });

  it('lets the higher counter replace a half-open handshake of the same device', async () => {
    const device = await city.device();
    const first = await Line.dial(city.url);
    first.send(device.hello().frame);
    await first.next();
    await device.open(city.url);
    expect(await first.closed).toBe(4401);
  });

  it('refuses a Finish of another session with 4401', async () => {
    const device = await city.device();
    const lines = [await Line.dial(city.url), await Line.dial(city.url)];
    const other = await city.device();
    const finishes = [];
    for (const [index, each] of [device, other].entries()) {
      const { frame, pending } = each.hello();
      lines[index]!.send(frame);
      finishes.push(acceptSession(pending, await lines[index]!.next(), each.state).frame);
    }
    lines[0]!.send(finishes[1]!);
    expect(await lines[0]!.closed).toBe(4401);
    expect(await refused('HANDSHAKE_NOT_AUTHENTIC')).toBe(4401);
  });

  it.each([
    ['no CBOR', new Uint8Array([0xff, 0x00])],
    ['an unknown frame type', new Uint8Array([0x81, 0x18, 0x63])],
    ['a Finish before Hello', encodeFrame({ type: 'finish', sealed: new Uint8Array(20) })],
    ['a frame of 4097 bytes', new Uint8Array(4_097)],
    ['text', 'hello'],
  ])('closes with 4400 on %s', async (_name, data) => {
    const line = await Line.dial(city.url);
    line.send(data);
    expect(await line.closed).toBe(4400);
  });

  it('closes with 1009 one byte over the largest frame of the protocol', async () => {
    const line = await Line.dial(city.url);
    line.send(new Uint8Array(66_561));
    expect(await line.closed).toBe(1009);
  });

  it('closes with 1008 on a fragmented message', async () => {
    const line = await Line.dial(city.url);
    line.send(new Uint8Array(1), { fin: false });
    line.send(new Uint8Array(1), { fin: true });
    expect(await line.closed).toBe(1008);
  });

  describe('in a session', () => {
    const ack = { type: 'mon-ack', ivn: 7 } as const;

    it('closes with 4400 one byte over the fmax that the device told', async () => {
      const { line } = await (await city.device()).open(city.url);
      line.send(new Uint8Array(4_609));
      expect(await line.closed).toBe(4400);
    });

    it('closes with 4402 on a replayed record', async () => {
      const { line, session } = await (await city.device()).open(city.url);
      const [frame] = session.seal(ack);
      line.send(frame!);
      line.send(frame!);
      expect(await line.closed).toBe(4402);
    });

    it('closes with 4402 on reordered records', async () => {
      const { line, session } = await (await city.device()).open(city.url);
      const frames = [session.seal(ack), session.seal(ack)].flat();
      line.send(frames[1]!);
      expect(await line.closed).toBe(4402);
    });

    it('closes with 4402 on a reflected record', async () => {
      const device = await city.device();
      const line = await Line.dial(city.url);
      const { frame, pending } = device.hello();
      line.send(frame);
      line.send(acceptSession(pending, await line.next(), device.state).frame);
      const ready = await line.next();
      line.send(ready);
      expect(await line.closed).toBe(4402);
    });

    it('closes with 4402 on a record of another session', async () => {
      const one = await (await city.device()).open(city.url);
      const other = await (await city.device()).open(city.url);
      one.line.send(other.session.seal(ack)[0]!);
      expect(await one.line.closed).toBe(4402);
    });

    it('closes with 4402 on a blob that nobody asked for', async () => {
      const device = await (await city.device()).open(city.url);
      device.send({ type: 'blob', sha256: new Uint8Array(32), from: 0, data: new Uint8Array(1) });
      expect(await device.line.closed).toBe(4402);
    });

    it('closes with 4400 on a frame of the handshake', async () => {
      const device = await city.device();
      const { line } = await device.open(city.url);
      line.send(device.hello().frame);
      expect(await line.closed).toBe(4400);
    });

    it('cuts a peer that answers no ping', async () => {
      const device = await city.device();
      const line = await Line.dial(city.url, { autoPong: false });
      const { frame, pending } = device.hello();
      line.send(frame);
      line.send(
        acceptSession(pending, await line.next(), { ...device.state, opensIn: 5_000 }).frame,
      );
      await city.event('device-connected');
      await city.clock.advance(180_000);
      expect(await line.closed).toBe(1006);
      expect(await city.event('device-disconnected')).toMatchObject({ closeCode: 4408 });
    });
  });

  it('cuts a silent peer at the deadline with 4408', async () => {
    const line = await Line.dial(city.url);
    await city.clock.advance(9_999);
    await city.clock.advance(1);
    expect(await line.closed).toBe(4408);
  });

  it('cuts a peer that stops after Hello at the same deadline', async () => {
    const device = await city.device();
    const line = await Line.dial(city.url);
    await city.clock.advance(5_000);
    line.send(device.hello().frame);
    await line.next();
    await city.clock.advance(5_000);
    expect(await line.closed).toBe(4408);
  });

  it('refuses the ninth half-open handshake of an address with 429 and takes it after one has ended', async () => {
    const lines = [];
    for (let count = 0; count < 8; count += 1) lines.push(await Line.dial(city.url));
    await expect(Line.dial(city.url)).rejects.toThrow('429');
    lines[0]!.close();
    await lines[0]!.closed;
    // The place is free when the node has seen the end of the connection, which may be a moment after this end did.
    let again = null;
    for (let tries = 0; again === null && tries < 50; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      again = await Line.dial(city.url).catch(() => null);
    }
    again?.close();
    expect(await again?.closed).toBe(1000);
  });

  it('does not count sessions as half-open', async () => {
    for (let count = 0; count < 9; count += 1) await (await city.device()).open(city.url);
    expect(city.node.connected).toBe(9);
  });

  it('accepts no extension', async () => {
    const line = await Line.dial(city.url, { perMessageDeflate: true });
    expect(line.extensions).toBe('');
  });

  it('answers a kid that was replaced with notice and 4410', async () => {
    const prevKid = new Uint8Array(16).fill(7);
    const device = await city.device('end', { prevKid });
    const { assignment } = device.epoch;
    device.epoch = { ...device.epoch, assignment: { ...assignment, kid: prevKid } };
    const line = await Line.dial(city.url);
    line.send(device.hello().frame);
    expect((await line.next())[1]).toBe(6);
    expect(await line.closed).toBe(4410);
  });

  it('refuses to start on a taken port', async () => {
    const { options, node } = city;
    await expect(ManagementNode.start({ ...options, port: node.port })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
  });

  describe('at the upgrade', () => {
    const upgrade = (path: string, headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const call = request({
          host: '127.0.0.1',
          port: city.node.port,
          path,
          headers: {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
            'sec-websocket-version': '13',
            ...headers,
          },
        });
        call.on('response', (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        call.on('upgrade', (_response, socket) => {
          socket.destroy();
          resolve(101);
        });
        call.on('error', reject);
        call.end();
      });
    const version = { 'sec-websocket-protocol': 'lamplighter.v1' };

    it.each([
      ['takes the exact sub-protocol', '/v1/device', version, 101],
      ['refuses none', '/v1/device', {}, 400],
      ['refuses another', '/v1/device', { 'sec-websocket-protocol': 'lamplighter.v2' }, 400],
      ['refuses another path', '/v1/devices', version, 404],
      ['refuses a bad key', '/v1/device', { ...version, 'sec-websocket-key': 'short' }, 400],
      ['refuses 9 kB of headers', '/v1/device', { ...version, 'x-long': 'a'.repeat(9_000) }, 431],
    ])('%s', async (_name, path, headers, status) => {
      expect(await upgrade(path, headers)).toBe(status);
    });
  });
});
