import { newRsaKeyPair } from '../../../network/src/exchange/rsa.ts';
import { ManagementNode } from '../../../network/src/management/index.ts';
import { VENDOR } from './support/test-vendor.ts';
import { MANAGER, TestCity } from './support/test-city.ts';

describe('a management node', () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
  });
  afterEach(async () => {
    await city.close();
  });

  it('takes over what the ledger assigned to it before its start, and the newest release', async () => {
    const device = await city.device();
    const { model } = city.ledger.devices.get(device.id)!;
    const release = city.vendor.release(new Uint8Array(2_000), { model, seq: 2 });
    city.ledger.releases.set(release.id, release);
    await city.node.close();
    const events: string[] = [];
    await using node = await ManagementNode.start({
      ...city.options,
      onEvent: (event) => events.push(event.type),
    });
    expect(node.devices).toEqual([device.id]);
    expect(events).toEqual(['device-added', 'release-accepted', 'listening']);
    const line = await device.open(`ws://127.0.0.1:${String(node.port)}/v1/device`);
    expect(await line.expect('upd-offer')).toMatchObject({ curSeq: 1 });
  });

  it('counts rounds on from what stands on the ledger', async () => {
    const device = await city.device();
    city.ledger.statuses.push({
      device: device.id,
      n: 41,
      status: 'normal',
      reasons: [],
      sequence: 1,
      version: '1.0.1',
      sha256: '',
      observed: '',
      dueWithin: 1,
    });
    await city.node.close();
    await using node = await ManagementNode.start(city.options);
    const line = await device.open(`ws://127.0.0.1:${String(node.port)}/v1/device`, { opensIn: 0 });
    await city.clock.advance(2_000);
    expect((await line.expect('mon-req-e')).n).toBe(42);
  });

  it.each([
    ['DeviceRetired', { manager: MANAGER }],
    ['DeviceAssigned', { vendor: VENDOR, manager: 'other', serial: 1, previousManager: MANAGER }],
  ] as const)('gives a device up on %s', async (name, fields) => {
    const device = await city.device();
    const line = await device.open(city.url);
    city.ledger.emit(name, { device: device.id, ...fields });
    expect(await line.line.closed).toBe(4401);
    expect(city.node.devices).toEqual([]);
    await expect(device.open(city.url)).rejects.toThrow('closed with 4401');
  });

  it('does not take over an assignment whose digest is not on the ledger', async () => {
    const device = await city.device();
    const record = city.ledger.devices.get(device.id)!;
    const assignment = { ...record.assignment!, digest: '00'.repeat(32) };
    city.ledger.devices.set(device.id, { ...record, assignment });
    await city.node.close();
    const codes: string[] = [];
    const starting = ManagementNode.start({
      ...city.options,
      onEvent: (event) => {
        if (event.type === 'alarm') codes.push(event.code);
      },
    });
    // Tried again a few times, since a vendor may be restoring its files.
    let started = false;
    void starting.then(() => (started = true));
    while (codes.length === 0) {
      await city.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await using node = await starting;
    expect(started).toBe(true);
    expect(codes).toEqual(['EXCHANGE_DIGEST_MISMATCH']);
    expect(node.devices).toEqual([]);
  });

  it('closes its sessions with 1000, leaves no timer, and is closed by its signal', async () => {
    const stop = new AbortController();
    const device = await city.device();
    await city.node.close();
    await ManagementNode.start({ ...city.options, signal: stop.signal }).then(async (node) => {
      const line = await device.open(`ws://127.0.0.1:${String(node.port)}/v1/device`);
      stop.abort();
      expect(await line.line.closed).toBe(1000);
      await node.close();
    });
    expect(city.clock.timers).toBe(0);
  });

  it('refuses keys of a wrong length and the ledger identity of another organisation', async () => {
    const { options } = city;
    await expect(
      ManagementNode.start({ ...options, keys: { ...options.keys, sealing: new Uint8Array(31) } }),
    ).rejects.toThrow(RangeError);
    await expect(ManagementNode.start({ ...options, mspId: 'HeliosMSP' })).rejects.toThrow(
      'expected a ledger identity of HeliosMSP, got one of NorthlightMSP',
    );
  });

  it('opens what vendors seal to its RSA key', async () => {
    await city.close();
    const { publicKey, secretKey } = await newRsaKeyPair();
    city = await TestCity.start({ keys: { sealing: secretKey } });
    city.vendor.sealingKey = publicKey;
    const device = await city.device();
    const line = await device.open(city.url);
    expect(await city.event('device-connected')).toMatchObject({ device: device.id });
    line.line.close();
  });

  it('gives its events to a reader until it is closed', async () => {
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of city.node.events()) types.push(event.type);
    })();
    await city.device();
    await city.node.close();
    await reading;
    expect(types).toEqual(['device-added']);
  });
});
