/** Devices that can do no better than a weak suite (docs/protocol.md §4): monitored under it, and never updated. */
import { systemClock } from '../../../network/src/management/index.ts';
import { startDevice } from './support/real-device.ts';
import { TestCity } from './support/test-city.ts';

// The SDK's device waits for its window in real time.
jest.setTimeout(60_000);

const NEW_IMAGE = new Uint8Array(9_000).fill(7);

describe.each([0x8001, 0x8002, 0x8003])('a device of suite 0x%s', (suite) => {
  it('is monitored, and offered no firmware', async () => {
    const city = await TestCity.start({ clock: systemClock });
    const provisioned = await city.device('lightweight', { suite });
    await using device = await startDevice(city, provisioned, 'lightweight');
    expect(await city.event('round-completed')).toMatchObject({ n: 1, status: 'normal' });
    const { model } = city.ledger.devices.get(provisioned.id)!;
    const release = city.vendor.release(NEW_IMAGE, { model, seq: 2 });
    city.approve(release);
    expect(await city.event('release-refused')).toMatchObject({
      device: device.id,
      release: release.id,
      code: 'SUITE_LEGACY',
    });
    expect(city.events.some(({ type }) => type === 'update-offered')).toBe(false);
    expect(device.image.seq).toBe(1);
    await city.close();
  });
});

it('tells of a release that is withheld once, not in every session', async () => {
  const city = await TestCity.start();
  const device = await city.device('lightweight', { suite: 0x8001 });
  const { model } = city.ledger.devices.get(device.id)!;
  city.approve(city.vendor.release(NEW_IMAGE, { model, seq: 2 }));
  await city.event('release-accepted');
  for (const session of [1, 2, 3]) {
    const line = await device.open(city.url);
    await city.event(
      'device-connected',
      () => city.events.filter(({ type }) => type === 'device-connected').length === session,
    );
    line.line.close();
    await line.line.closed;
  }
  await city.event('release-refused');
  await city.node.close();
  expect(city.events.filter(({ type }) => type === 'release-refused')).toHaveLength(1);
  await city.close();
});
