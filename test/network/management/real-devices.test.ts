import type { EndNode, LightweightEndNode } from '@lamplighter/sdk';
import { systemClock } from '../../../network/src/management/index.ts';
import { startDevice } from './support/real-device.ts';
import { TestCity } from './support/test-city.ts';
import type { TestDevice } from './support/test-device.ts';

const NEW_IMAGE = new Uint8Array(150_000).map((_byte, index) => (index * 7) % 253);

// Devices wait up to 2 s for their window, and restart: real time passes here.
jest.setTimeout(30_000);

describe("a management node with the SDK's devices", () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start({ clock: systemClock });
  });
  afterEach(async () => {
    await city.close();
  });

  function started(
    device: TestDevice,
    kind: 'end' | 'lightweight',
    image = device.image,
  ): Promise<EndNode | LightweightEndNode> {
    return startDevice(city, device, kind, { image });
  }

  it.each([
    ['end', 'monitoring'],
    ['lightweight', 'lightweightMonitoring'],
  ] as const)('monitors and updates one of class %s', async (kind, monitoring) => {
    const provisioned = await city.device(kind);
    await using device = await started(provisioned, kind);
    // Protocols 1 and 3: a start opens the window, so the first round comes at once.
    const round = await city.event('round-completed', (event) => event.protocol === monitoring);
    expect(round).toMatchObject({ device: provisioned.id, n: 1, status: 'normal' });
    expect(await city.event('intervals-acknowledged')).toMatchObject({ ivn: 1, fti: 20, rti: 4 });
    // Protocol 4: delivered, tried after a restart, confirmed, recorded.
    const model = city.ledger.devices.get(provisioned.id)!.model;
    const release = city.vendor.release(NEW_IMAGE, { model, seq: 2 });
    city.approve(release);
    expect(await city.event('update-delivered')).toMatchObject({ release: release.id });
    const recorded = await city.event('update-recorded');
    expect(recorded).toMatchObject({ code: 0, protocol: 'propagation', attempt: 1 });
    expect(device.image).toEqual({ seq: 2, version: '1.0.2' });
    // The restart opens the window again: the new image is what is expected now.
    const next = await city.event('round-completed', (event) => event.n === 2);
    expect(next).toMatchObject({ status: 'normal' });
    expect(city.ledger.statuses.at(-1)).toMatchObject({ sequence: 2, version: '1.0.2' });
  });

  it.each(['end', 'lightweight'] as const)(
    'finds tampered firmware on one of class %s',
    async (kind) => {
      const provisioned = await city.device(kind);
      const tampered = provisioned.image.with(0, provisioned.image[0]! ^ 1);
      await using device = await started(provisioned, kind, tampered);
      const round = await city.event('round-completed');
      expect(round).toMatchObject({ device: device.id, status: 'abnormal' });
      expect(city.ledger.statuses[0]).toMatchObject({ reasons: ['digest', 'proof'] });
      expect(city.events.some(({ type }) => type === 'intervals-acknowledged')).toBe(false);
    },
  );

  it.each([
    ['end', 0, 'normal', []],
    ['end', 1, 'abnormal', ['digest', 'proof']],
    ['lightweight', 0, 'normal', []],
    ['lightweight', 1, 'abnormal', ['digest', 'proof']],
  ] as const)(
    'has one of class %s, %i bits of it changed, show its whole image',
    async (kind, changed, status, reasons) => {
      await city.close();
      city = await TestCity.start({ clock: systemClock, mode: 'full' });
      const provisioned = await city.device(kind, {}, NEW_IMAGE);
      const held = NEW_IMAGE.with(99, NEW_IMAGE[99]! ^ changed);
      await using device = await started(provisioned, kind, held);
      const round = await city.event('round-completed');
      expect(round).toMatchObject({ device: device.id, n: 1, status });
      expect(city.ledger.statuses[0]).toMatchObject({ status, reasons });
    },
  );

  it('answers an end node that asks (protocol 2)', async () => {
    const provisioned = await city.device('end');
    const model = city.ledger.devices.get(provisioned.id)!.model;
    const release = city.vendor.release(NEW_IMAGE, { model, seq: 2, propagate: false });
    city.approve(release);
    await city.event('release-accepted');
    const id = new Uint8Array(Buffer.from(release.id, 'hex'));
    const envelope = new Uint8Array(Buffer.from(release.envelope, 'hex'));
    city.vendor.updateAnswer = { type: 'release', release: id, envelope };
    await using device = await started(provisioned, 'end');
    device.requestUpdate();
    expect(await city.event('update-answered')).toMatchObject({ answer: 'offer' });
    expect(await city.event('update-recorded')).toMatchObject({
      code: 0,
      protocol: 'updateRequest',
    });
    expect(device.image.seq).toBe(2);
  });
});
