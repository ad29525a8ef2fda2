/** A device with a suite for legacy devices (docs/protocol.md §4). */
import { messageNumber } from '@lamplighter/sdk/wire';
import { DeviceFixture, INTERVALS, imageOf } from './device-fixture.ts';

const fixture = (legacy: boolean): DeviceFixture => {
  const made = new DeviceFixture('lightweight', { suite: 0x8001 });
  const { identity } = made;
  if (identity.kind === 'lightweight') made.identity = { ...identity, legacy };
  return made;
};

describe('a weak suite', () => {
  it('is refused by a device that is not known as legacy', async () => {
    const device = fixture(false);
    await expect(device.start()).rejects.toMatchObject({ code: 'ENROLMENT_NOT_SUPPORTED' });
  });

  it('serves monitoring, and no firmware: error 9', async () => {
    const device = fixture(true);
    await device.start();
    const { manager } = device;
    await manager.ask(INTERVALS);
    expect(manager.all('mon-ans')).toHaveLength(1);
    const release = device.release(imageOf(3_000, 9));
    const { image } = device.device!;
    const { hfw: curHfw, seq: curSeq } = manager.last('mon-ans');
    await manager.send({
      type: 'upd-offer',
      curSeq,
      curHfw,
      manifest: release.ref,
      proofs: false,
    });
    expect(manager.last('error')).toEqual({
      type: 'error',
      re: messageNumber['upd-offer'],
      code: 9,
    });
    expect([manager.all('want'), device.device!.image]).toEqual([[], image]);
    await device.close();
  });
});
