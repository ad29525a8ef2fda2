/** New assignments at the manager (protocol §2.3): pushed in a session, told by notice, kept over restarts. */
import { randomBytes } from 'node:crypto';
import { NoticeAssembly } from '@lamplighter/sdk/protocol';
import { decodeFrame } from '@lamplighter/sdk/wire';
import { assignNext, epochOf } from './support/next-assignment.ts';
import { TestCity } from './support/test-city.ts';
import { Line, type DeviceLine, type TestDevice } from './support/test-device.ts';

const kid = (): Uint8Array => new Uint8Array(randomBytes(16));

/** Dials under a kid, whatever key the device has, and takes the notice. */
async function noticeFor(
  city: TestCity,
  device: TestDevice,
  under = device.epoch.assignment.kid,
): Promise<Uint8Array> {
  const { assignment } = device.epoch;
  const epoch = { ...device.epoch, assignment: { ...assignment, kid: under } };
  const asking = Object.assign(Object.create(device) as TestDevice, { epoch });
  const line = await Line.dial(city.url);
  line.send(asking.hello().frame);
  const assembly = new NoticeAssembly();
  for (;;) {
    const frame = decodeFrame(await line.next());
    if (frame.type !== 'notice') throw new Error(`expected a notice, got ${frame.type}`);
    const envelope = assembly.add(frame);
    if (envelope === undefined) continue;
    expect(await line.closed).toBe(4410);
    return envelope;
  }
}

/** Answers a push as a device does that takes it. */
async function takePush(line: DeviceLine, code = 0): Promise<Uint8Array> {
  const { ref } = await line.expect('push');
  expect(ref.kind).toBe(6);
  line.send({ type: 'want', sha256: ref.sha256, from: 0, credit: 16, paths: false });
  const { data } = await line.expect('blob');
  expect(data).toHaveLength(ref.size);
  line.send({ type: 'push-ack', sha256: ref.sha256, code });
  return data;
}

describe.each(['end', 'lightweight'] as const)('a new assignment of class %s', (kind) => {
  let city: TestCity;
  let device: TestDevice;
  beforeEach(async () => {
    city = await TestCity.start();
    device = await city.device(kind);
  });
  afterEach(async () => {
    await city.close();
  });

  it('is pushed to a connected device, which is served under it at once', async () => {
    const line = await device.open(city.url);
    const next = await assignNext(city, device);
    expect(await takePush(line)).toEqual(next.envelope);
    expect(await line.line.closed).toBe(4410);
    expect(await city.event('assignment-pushed')).toMatchObject({ device: device.id, code: 0 });
    device.epoch = next.epoch!;
    await device.open(city.url);
    expect(city.node.connected).toBe(1);
  });

  it('ends the session of a device that says nothing, and is told by notice', async () => {
    const line = await device.open(city.url);
    const next = await assignNext(city, device);
    await line.expect('push');
    await city.clock.advance(30_000);
    expect(await line.line.closed).toBe(4410);
    expect(await city.event('assignment-pushed')).toMatchObject({ code: null });
    expect(await noticeFor(city, device)).toEqual(next.envelope);
  });

  it('is told to a device that slept through others, whichever of its kids it dials under', async () => {
    const slept = [kid(), kid(), kid()];
    const next = await assignNext(city, device, { serial: 4, prevKid: slept[0]! }, [
      ...slept,
      device.epoch.assignment.kid,
    ]);
    await city.event('device-added', ({ serial }) => serial === 4);
    for (const under of [...slept, device.epoch.assignment.kid]) {
      expect(await noticeFor(city, device, under)).toEqual(next.envelope);
    }
    // One step is enough: the vendor's key moves over the serials in between.
    device.epoch = epochOf(city, device, next.envelope);
    await device.open(city.url);
  });

  it('to another manager is pushed, and told by notice afterwards', async () => {
    const line = await device.open(city.url);
    const next = await assignNext(city, device, { idM: 'gateway-2' });
    expect(await takePush(line)).toEqual(next.envelope);
    expect(await line.line.closed).toBe(4410);
    expect(city.node.devices).toEqual([]);
    expect(await noticeFor(city, device)).toEqual(next.envelope);
  });

  it('that retires the device is pushed, and told by notice afterwards', async () => {
    const line = await device.open(city.url);
    const next = await assignNext(city, device, { op: 1 });
    expect(await takePush(line)).toEqual(next.envelope);
    expect(await line.line.closed).toBe(4410);
    expect(await noticeFor(city, device)).toEqual(next.envelope);
    expect(city.node.devices).toEqual([]);
  });

  it('is owed while the vendor is away, and told when it is back', async () => {
    const { files } = city.vendor;
    const next = await assignNext(city, device, { op: 1 });
    const path = `/v1/assignments/${device.id}/1/envelope`;
    files.delete(path);
    await city.event('alarm', ({ code }) => code === 'FETCH_REFUSED');
    await expect(noticeFor(city, device)).rejects.toThrow('closed with 4401');
    files.set(path, next.envelope);
    await city.clock.advance(300_000);
    while ((await noticeFor(city, device).catch(() => null)) === null) continue;
    expect(await noticeFor(city, device)).toEqual(next.envelope);
  });

  it('is not told when it is not the one on the ledger', async () => {
    const next = await assignNext(city, device, { op: 1 });
    const path = `/v1/assignments/${device.id}/1/envelope`;
    const forged = next.envelope.slice();
    forged[10]! ^= 1;
    city.vendor.files.set(path, forged);
    const alarm = await city.event('alarm');
    expect(['EXCHANGE_DIGEST_MISMATCH', 'EXCHANGE_MALFORMED']).toContain(alarm.code);
    await expect(noticeFor(city, device)).rejects.toThrow('closed with 4401');
  });

  it('that brings the device back takes the place of the farewell', async () => {
    await assignNext(city, device, { idM: 'gateway-2' });
    await city.event('device-removed');
    const back = await assignNext(city, device, {}, [kid(), device.epoch.assignment.kid]);
    await city.event('device-added', ({ serial }) => serial === 2);
    expect(await noticeFor(city, device)).toEqual(back.envelope);
    device.epoch = epochOf(city, device, back.envelope);
    await device.open(city.url);
  });
});

describe('a push', () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
  });
  afterEach(async () => {
    await city.close();
  });

  it.each([2, 3, 11])('that is refused with code %i ends in notice', async (code) => {
    const device = await city.device();
    const line = await device.open(city.url);
    const next = await assignNext(city, device);
    await takePush(line, code);
    expect(await line.line.closed).toBe(4410);
    expect(await city.event('assignment-pushed')).toMatchObject({ code });
    expect(await noticeFor(city, device)).toEqual(next.envelope);
  });

  it('is not settled by an answer to something else, and needs none', async () => {
    const device = await city.device();
    const line = await device.open(city.url);
    line.send({ type: 'push-ack', sha256: new Uint8Array(32), code: 0 });
    await assignNext(city, device);
    await line.expect('push');
    line.send({ type: 'push-ack', sha256: new Uint8Array(32), code: 0 });
    // The session is still there: its frames are answered.
    line.send({ type: 'proof-want', challenge: new Uint8Array(32) });
    expect(await line.expect('error')).toMatchObject({ code: 9 });
    line.line.close();
    expect(await city.event('assignment-pushed')).toMatchObject({ code: null });
  });

  it('is of no avail to a vendor that names the kid of another device as its own', async () => {
    const victim = await city.device();
    const { kid: taken } = victim.epoch.assignment;
    const thief = await city.device();
    await assignNext(city, thief, { kid: taken });
    expect(await city.event('alarm')).toMatchObject({ code: 'KID_IN_USE' });
    await assignNext(city, thief, { serial: 2 }, [taken]);
    await city.event('device-added', ({ serial }) => serial === 2);
    await victim.open(city.url);
    expect(city.node.connected).toBe(1);
  });
});
