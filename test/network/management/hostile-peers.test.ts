import type { ManagementNodeOptions } from '../../../network/src/management/index.ts';
import { RawPeer } from '../../attacks/raw-peer.ts';
import { TestCity } from './support/test-city.ts';
import { Line, type DeviceLine, type TestDevice } from './support/test-device.ts';

const costly = { type: 'error', re: 18, code: 9 } as const;

describe('a hostile peer', () => {
  let city: TestCity;
  const start = async (change: Partial<ManagementNodeOptions> = {}): Promise<void> => {
    city = await TestCity.start(change);
  };
  afterEach(async () => {
    await city.close();
  });

  const peer = (): RawPeer => new RawPeer({ port: city.node.port, from: '127.0.0.1' });
  const reason = async (expected: string): Promise<number> =>
    (await city.event('connection-refused', (event) => event.reason === expected)).closeCode;
  /** Until the node has taken what the peer sent: a peer after it is answered. */
  const passed = async (): Promise<void> => {
    const later = peer();
    later.request('/', { host: 'a' });
    expect(await later.ended).toBe('http 404');
  };

  it('that says nothing over TCP is cut at the deadline', async () => {
    await start();
    const silent = peer();
    await passed();
    await city.clock.advance(9_999);
    await passed();
    expect(silent.over).toBe(false);
    await city.clock.advance(1);
    expect(await silent.ended).toBe('cut');
    expect(await reason('REQUEST_DEADLINE')).toBe(0);
  });

  it('that never ends its headers or its body is cut at the deadline', async () => {
    await start();
    const headers = peer();
    headers.write('GET /v1/device HTTP/1.1\r\nx: ');
    const body = peer();
    body.request('/v1/anchors', { host: 'a', 'content-length': '10' }, 'POST');
    await passed();
    await city.clock.advance(10_000);
    expect(await headers.ended).toBe('cut');
    expect(await body.ended).toBe('cut');
  });

  it('has the time of TCP counted to the deadline of its session', async () => {
    await start();
    const slow = peer();
    await passed();
    await city.clock.advance(9_000);
    expect(await slow.upgrade()).toBe(true);
    await city.clock.advance(1_000);
    // It does not answer the close.
    await city.clock.advance(1_000);
    expect(await slow.ended).toBe('close 4408');
    expect(await reason('HANDSHAKE_DEADLINE')).toBe(4408);
  });

  it('that offers 2500 header fields gets 431', async () => {
    await start();
    const fields = Array.from({ length: 2_500 }, (_none, index) => [`x${String(index)}`, '']);
    const many = peer();
    many.request('/v1/device', Object.fromEntries(fields) as Record<string, string>);
    expect(await many.ended).toBe('http 431');
    expect(await reason('REQUEST_MALFORMED')).toBe(431);
  });

  it('that is a web page gets 403, unless its origin is let in', async () => {
    await start({ origins: ['https://city.example'] });
    const headers = { origin: 'https://evil.example' };
    await expect(Line.dial(city.url, { headers })).rejects.toThrow('403');
    expect(await reason('UPGRADE_FOREIGN_ORIGIN')).toBe(403);
    const line = await Line.dial(city.url, { headers: { origin: 'https://city.example' } });
    line.close();
    expect(await line.closed).toBe(1000);
  });

  it('that holds a place without a key gives way when all places are taken', async () => {
    await start({ halfOpen: { total: 3 } });
    const device = await city.device('end');
    const oldest = await Line.dial(city.url);
    const { frame } = device.hello();
    const proven = await Line.dial(city.url);
    proven.send(frame);
    await proven.next();
    const third = await Line.dial(city.url);
    const fourth = await Line.dial(city.url);
    expect(await oldest.closed).toBe(1006);
    expect(await reason('HALF_OPEN_GAVE_WAY')).toBe(0);
    const fifth = await Line.dial(city.url);
    expect(await third.closed).toBe(1006);
    // Who has shown its key stays; it is the two others that went and go.
    for (const line of [proven, fourth, fifth]) line.close();
    expect(await Promise.all([proven.closed, fourth.closed, fifth.closed])).toEqual([
      1000, 1000, 1000,
    ]);
  });

  it('that comes too often is cut before anything is parsed, and let in again later', async () => {
    await start({ halfOpen: { perAddress: 1 } });
    const endings: string[] = [];
    for (let count = 0; count < 9; count += 1) {
      const often = peer();
      often.request('/', { host: 'a' });
      endings.push(await often.ended);
    }
    expect(endings.at(-1)).toBe('cut');
    expect(await reason('ADDRESS_TOO_OFTEN')).toBe(0);
    await city.clock.advance(500);
    await passed();
  });

  it('holds its place until its connection is really gone', async () => {
    await start({ halfOpen: { perAddress: 1 } });
    const rude = peer();
    expect(await rude.upgrade()).toBe(true);
    rude.frame(new Uint8Array([0xff]));
    // It was told 4400 and does not answer.
    await reason('FRAME_MALFORMED');
    await expect(Line.dial(city.url)).rejects.toThrow('429');
    await city.clock.advance(1_000);
    expect(await rude.ended).toBe('close 4400');
    await passed();
  });

  it('that sends a large frame before Hello is closed before the frame has come', async () => {
    await start();
    const large = peer();
    await large.upgrade();
    large.frame(new Uint8Array(12_000), { told: 66_560 });
    await passed();
    await city.clock.advance(1_000);
    expect(await large.ended).toBe('close 4400');
    expect(await reason('HANDSHAKE_LIMITS')).toBe(4400);
  });

  describe('with the keys of a device', () => {
    let device: TestDevice;
    beforeEach(async () => {
      await start();
      device = await city.device();
    });

    const flood = (line: DeviceLine, count: number): void => {
      for (let sent = 0; sent < count; sent += 1) line.send(costly);
    };

    it('that sends what costs the ledger or a vendor too often is closed with 4429', async () => {
      const first = await device.open(city.url);
      flood(first, 33);
      expect(await first.line.closed).toBe(4429);
      expect(await city.event('alarm')).toMatchObject({
        device: device.id,
        code: 'MESSAGE_TOO_OFTEN',
      });
      // Dialling anew does not help.
      const second = await device.open(city.url);
      flood(second, 1);
      expect(await second.line.closed).toBe(4429);
      await city.clock.advance(2_000);
      const third = await device.open(city.url);
      flood(third, 1);
      third.send({ type: 'close-notify', code: 0 });
      expect(await third.line.closed).toBe(1000);
    });

    it('that wants handshakes without end is refused before public-key work', async () => {
      const codes = new Set<number>();
      for (let count = 0; count < 60; count += 1) {
        const line = await Line.dial(city.url);
        line.send(device.hello().frame);
        await line.next();
        line.close();
        codes.add(await line.closed);
        // The address may come 16 times a second, the device once.
        await city.clock.advance(62);
      }
      expect(codes).toEqual(new Set([1000]));
      let refused = 0;
      while (refused === 0) refused = await helloClosed(device);
      expect(refused).toBe(4429);
      expect(await reason('HANDSHAKE_TOO_OFTEN')).toBe(4429);
    });

    it('that floods a session with pings is closed with 4429', async () => {
      const { line } = await device.open(city.url);
      for (let count = 0; count < 17; count += 1) line.ping();
      expect(await line.closed).toBe(4429);
    });

    it('that brings far more frames at once than are handled is closed with 4429', async () => {
      const { line, session } = await device.open(city.url);
      const sha256 = new Uint8Array(32);
      const want = { type: 'want', sha256, from: 0, credit: 1, paths: true } as const;
      for (let count = 0; count < 2_000; count += 1) {
        for (const frame of session.seal(want)) line.send(frame);
      }
      expect(await line.closed).toBe(4429);
    });
  });

  /** 0 when the Hello was answered. */
  async function helloClosed(device: TestDevice): Promise<number> {
    const line = await Line.dial(city.url);
    line.send(device.hello().frame);
    try {
      await line.next();
    } catch {
      return line.closed;
    }
    line.close();
    await line.closed;
    return 0;
  }
});
