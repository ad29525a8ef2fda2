/** What a management node does with a device that its vendor suspends (docs/protocol.md §2.3, §8). */
import { TestCity } from './support/test-city.ts';

describe.each(['end', 'lightweight'] as const)('a suspended device of class %s', (kind) => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
  });
  afterEach(async () => {
    await city.close();
  });

  it('is told to be silent for one FTI, then closed with 4423', async () => {
    const device = await city.device(kind);
    const session = await device.open(city.url);
    city.ledger.emit('DeviceSuspended', { device: device.id, manager: 'gateway-1' });
    const { seconds } = await session.expect('suspend');
    expect(seconds).toBeGreaterThan(0);
    expect(await session.line.closed).toBe(4423);
    await expect(device.open(city.url)).rejects.toThrow('closed with 4423');
    expect(city.node.connected).toBe(0);
  });
});
