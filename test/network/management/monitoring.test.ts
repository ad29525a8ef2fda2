import { createHash } from 'node:crypto';
import type { DeviceKind } from '@lamplighter/chaincode';
import { ed25519PublicKey, ed25519Verify } from '@lamplighter/sdk/crypto';
import { monitorSigned } from '@lamplighter/sdk/protocol';
import type { Intervals, MonReqE, MonReqL } from '@lamplighter/sdk/wire';
import { LedgerError } from '../../../network/src/ledger/ledger-error.ts';
import { answer } from './support/monitoring-answer.ts';
import { MANAGER, TestCity } from './support/test-city.ts';
import type { DeviceLine, TestDevice } from './support/test-device.ts';

const PROVISIONED: Intervals = { fti: 10, rti: 2, uti: 15 };
const NEXT: Intervals = { fti: 20, rti: 4, uti: 60 };

describe.each(['end', 'lightweight'] as const)('monitoring of class %s', (kind: DeviceKind) => {
  const protocol = kind === 'end' ? 'monitoring' : 'lightweightMonitoring';
  const asked = kind === 'end' ? 'mon-req-e' : 'mon-req-l';
  let city: TestCity;
  let device: TestDevice;
  let line: DeviceLine;
  beforeEach(async () => {
    city = await TestCity.start();
    device = await city.device(kind);
    line = await device.open(city.url);
  });
  afterEach(async () => {
    await city.close();
  });

  /** Lets the window come and takes the request. */
  async function request(seconds = 12): Promise<MonReqE | MonReqL> {
    await city.event('device-connected');
    // The image is fetched over a real socket before the device is asked.
    await city.clock.advance(seconds * 1_000);
    return line.expect(asked);
  }

  async function recorded(count: number): Promise<void> {
    while (city.ledger.statuses.length < count) {
      await city.clock.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('asks within the window, judges, records, and goes on with new intervals', async () => {
    const first = await request();
    expect(first).toMatchObject({ n: 1, mode: 0 });
    line.send(answer(device, first, PROVISIONED));
    const set = await line.expect('mon-set');
    expect(set).toEqual({ type: 'mon-set', ivn: 1, ...NEXT });
    line.send({ type: 'mon-ack', ivn: 1 });
    expect(await city.event('intervals-acknowledged')).toMatchObject({ ivn: 1, ...NEXT });
    await recorded(1);
    expect(city.ledger.statuses[0]).toMatchObject({
      device: device.id,
      n: 1,
      status: 'normal',
      reasons: [],
      sequence: 1,
      version: '1.0.1',
      sha256: createHash('sha256').update(device.image).digest('hex'),
      dueWithin: 24,
    });
    expect(await city.event('round-completed')).toMatchObject({
      device: device.id,
      protocol,
      n: 1,
      status: 'normal',
      transactionId: 'tx-1',
    });
    // The second round comes after the new FTI, not the old one, and with another r.
    await city.clock.advance(15_000);
    const second = await request(10);
    expect(second.n).toBe(2);
    expect(second.r).not.toEqual(first.r);
    line.send(answer(device, second, NEXT, { ivn: 1 }));
    expect(await line.expect('mon-set')).toMatchObject({ ivn: 2 });
  });

  it('reports an abnormal device at once and sends it no new intervals', async () => {
    const tampered = device.image.slice();
    tampered[100]! ^= 1;
    device.image = tampered;
    line.send(answer(device, await request(), PROVISIONED));
    expect(await city.event('judged')).toMatchObject({
      protocol,
      status: 'abnormal',
      reasons: ['digest', 'proof'],
    });
    await recorded(1);
    expect(city.ledger.statuses[0]).toMatchObject({ status: 'abnormal', n: 1 });
    // The next thing the device hears is the next round: no mon-set came between.
    expect((await request(20)).n).toBe(2);
  });

  it('names every difference', async () => {
    const wrong = answer(device, await request(), PROVISIONED);
    line.send({ ...wrong, seq: 9, size: 1, proof: new Uint8Array(32) });
    expect(await city.event('judged')).toMatchObject({ reasons: ['version', 'size', 'proof'] });
  });

  it.each([
    ['another r', { r: new Uint8Array(32) }],
    ['another device id', { idD: 'lamp-9999' }],
    ['an n never asked', { n: 7 }],
  ])('closes with 4402 on an answer with %s', async (_name, change) => {
    line.send({ ...answer(device, await request(), PROVISIONED), ...change });
    expect(await line.line.closed).toBe(4402);
    expect(city.ledger.statuses).toEqual([]);
  });

  it('closes with 4402 on an answer that nobody asked for', async () => {
    const question = { type: asked, n: 5, r: new Uint8Array(32) } as MonReqE;
    line.send(answer(device, question, PROVISIONED));
    expect(await line.line.closed).toBe(4402);
  });

  it('drops a second answer to the same request', async () => {
    const first = answer(device, await request(), PROVISIONED);
    line.send(first);
    await line.expect('mon-set');
    line.send(first);
    line.send({ type: 'mon-ack', ivn: 1 });
    await city.event('intervals-acknowledged');
    await recorded(1);
    expect(city.ledger.statuses).toHaveLength(1);
  });

  it('sends the same pending values again when the acknowledgement was lost', async () => {
    line.send(answer(device, await request(), PROVISIONED));
    const set = await line.expect('mon-set');
    line.send(answer(device, await request(13), PROVISIONED));
    expect(await line.expect('mon-set')).toEqual(set);
  });

  it('closes with 4408 when no answer comes in time, and asks with a new n in the next window', async () => {
    await request();
    await city.clock.advance(31_000);
    expect(await line.line.closed).toBe(4408);
    await city.event('device-disconnected');
    line = await device.open(city.url, { opensIn: 0 });
    await city.event('device-connected');
    await city.clock.advance(2_000);
    expect((await line.expect(asked)).n).toBe(2);
  });

  it('reports a device unreachable after three lost windows', async () => {
    line.line.close();
    await city.event('device-disconnected');
    await city.clock.advance(60_000);
    await recorded(1);
    expect(city.ledger.statuses[0]).toMatchObject({
      status: 'unreachable',
      n: 1,
      sequence: 1,
      // Three windows until it says so again, and a fourth for the way.
      dueWithin: 57,
    });
  });

  it('reports a growing count of resyncs as clone suspected', async () => {
    await city.event('device-connected');
    line = await device.open(city.url, { stats: { ...device.state.stats, resync: 1 } });
    expect(await city.event('alarm')).toMatchObject({ code: 'CLONE_OR_LOSS_SUSPECTED' });
    await recorded(1);
    expect(city.ledger.statuses[0]).toMatchObject({ status: 'clone-suspected' });
  });

  it('records a verdict once over an outage of the ledger', async () => {
    city.ledger.failures.push(
      new LedgerError('UNAVAILABLE', 'no peer answers'),
      new LedgerError('MVCC_READ_CONFLICT', 'lost a race'),
    );
    line.send(answer(device, await request(), PROVISIONED));
    await line.expect('mon-set');
    await recorded(1);
    expect(city.ledger.statuses).toHaveLength(1);
    expect(city.node.pendingReports).toBe(0);
  });
});

describe('a monitoring request to an end node', () => {
  it('is signed by PU_j over this session, n, r, mode and device', async () => {
    const city = await TestCity.start();
    const device = await city.device();
    const line = await device.open(city.url, { opensIn: 0 });
    await city.event('device-connected');
    await city.clock.advance(2_000);
    const request = await line.expect('mon-req-e');
    expect(request.idM).toBe(MANAGER);
    const key = ed25519PublicKey(city.options.keys.signature);
    const signed = monitorSigned(line.session.h4, request, device.id);
    expect(ed25519Verify(key, signed, request.sig)).toBe(true);
    await city.close();
  });
});
