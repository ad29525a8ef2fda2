/** Renewal of chains at the manager (protocol §3.3). */
import { chainContext, chainValue, suiteOf } from '@lamplighter/sdk/crypto';
import { encodeChainKey } from '@lamplighter/sdk/wire';
import { readRenewalRequest } from '../../../network/src/exchange/index.ts';
import { ManagementNode } from '../../../network/src/management/index.ts';
import { chainSeed } from '../../../network/src/management/anchors.ts';
import { MANAGER, TestCity } from './support/test-city.ts';
import { Line, type TestDevice } from './support/test-device.ts';

/** A lightweight device whose chain has so many values. */
async function deviceWith(city: TestCity, length: number): Promise<TestDevice> {
  const id = 'lamp-0001';
  const seed = chainSeed(city.options.keys.chainMaster, id, 1);
  const context = chainContext(MANAGER, id, 1);
  const anchor = chainValue(suiteOf(0x0103), context, { seed, length }, 0);
  return city.device('lightweight', { mkey: encodeChainKey({ length, anchor }) });
}

describe('a chain that comes to its end', () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
    city.vendor.files.set('/v1/renewals', new Uint8Array(0));
  });
  afterEach(async () => {
    await city.close();
  });

  const asked = (): number => city.vendor.requests.filter((path) => path === '/v1/renewals').length;

  it('is renewed from N - 256 on, and not before', async () => {
    const device = await deviceWith(city, 258);
    await device.open(city.url);
    expect(asked()).toBe(0);
    await device.open(city.url);
    expect(await city.event('renewal-asked')).toMatchObject({ device: device.id, serial: 0 });
    const claims = city.vendor.bodies.map((body) => readRenewalRequest(body).claim);
    expect(claims).toMatchObject([
      { manager: MANAGER, vendor: 'northlight', device: device.id, serial: 0 },
    ]);
  });

  it('is asked about once in a quarter of an hour, however often the device dials', async () => {
    const device = await deviceWith(city, 64);
    for (let session = 0; session < 6; session += 1) await device.open(city.url);
    await city.event('renewal-asked');
    expect(asked()).toBe(1);
    await city.clock.advance(901_000);
    await device.open(city.url);
    await new Promise((resolve) => {
      city.node.on((event) => {
        if (event.type === 'renewal-asked') resolve(event);
      });
    });
    expect(asked()).toBe(2);
  });

  it('is asked about again when the vendor did not take it', async () => {
    city.vendor.files.delete('/v1/renewals');
    const device = await deviceWith(city, 64);
    await device.open(city.url);
    expect(await city.event('alarm')).toMatchObject({ device: device.id, code: 'FETCH_REFUSED' });
    city.vendor.files.set('/v1/renewals', new Uint8Array(0));
    await city.clock.advance(901_000);
    await device.open(city.url);
    await city.event('renewal-asked');
  });

  it('has the device named when it is over, and is still renewed', async () => {
    const device = await deviceWith(city, 64);
    // As after a lost answer of the vendor: the last value was shown.
    for (let session = 0; session < 64; session += 1) {
      // The budget of handshakes is one a second.
      if (session > 30) await city.clock.advance(1_000);
      (await device.open(city.url)).line.close();
    }
    await city.clock.advance(901_000);
    const before = asked();
    const line = await Line.dial(city.url);
    line.send(device.hello().frame);
    expect(await line.closed).toBe(4401);
    const alarm = await city.event('alarm', ({ code }) => code === 'CHAIN_EXHAUSTED');
    expect(alarm.device).toBe(device.id);
    while (asked() === before) await new Promise((resolve) => setImmediate(resolve));
  });

  it('is no chain of another length than the protocol has', async () => {
    for (const chainLength of [63, 65_537, 64.5]) {
      const start = ManagementNode.start({ ...city.options, chainLength });
      await expect(start).rejects.toThrow(`64..65536 values, got ${String(chainLength)}`);
    }
  });
});
