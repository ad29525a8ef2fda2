/** Two devices with the keys of one (docs/protocol.md §3.1, §8): one session at a time, and a count that gives them away. */
import { MemoryKeyStore } from '@lamplighter/sdk';
import { DeviceFixture } from './device-fixture.ts';

describe.each(['end', 'lightweight'] as const)('a clone of a device of kind %s', (kind) => {
  let original: DeviceFixture;
  let clone: DeviceFixture;

  beforeEach(async () => {
    original = new DeviceFixture(kind);
    clone = new DeviceFixture(kind);
    await original.start();
    const keys = new MemoryKeyStore();
    const stolen = await original.keys.load();
    await keys.save(structuredClone(stolen!));
    // It speaks to the manager of the original, which closes a session when a newer one comes (§8).
    await clone.start({ keys, transport: original.manager.transport });
  });

  afterEach(async () => {
    await original.close();
    await clone.close();
  });

  it('makes the other one take up its counter by resync, and tell so in Finish', async () => {
    const { manager } = original;
    expect(manager.lines).toHaveLength(2);
    const [first, second] = manager.lines;
    expect([first?.state?.stats.resync, second?.state?.stats.resync]).toEqual([0, 0]);
    first?.inbox.end(4429);
    await original.clock.advance(20);
    expect(manager.line.state?.stats.resync).toBe(1);
    expect(manager.epoch.answeredCtr).toBe(3);
    expect(original.told('connected')).toHaveLength(2);
    // And back again: each of the two finds its counter used by the other.
    second?.inbox.end(4429);
    await clone.clock.advance(20);
    expect(manager.line.state?.stats.resync).toBe(1);
    expect(clone.told('disconnected').map(({ closeCode }) => closeCode)).toEqual([4429, 4409]);
  });

  it('is not told by a replayed Hello: the count grows only by a resync that is authentic', async () => {
    const { manager } = original;
    manager.onHello = (line) => {
      line.inbox.push(
        Uint8Array.of(0x84, 7, 0x50, ...new Uint8Array(16), 5, 0x50, ...new Uint8Array(16)),
      );
      line.inbox.end(4409);
      return true;
    };
    manager.lines[0]?.inbox.end(1001);
    await original.clock.advance(8);
    expect(original.told('error').map(({ error }) => error)).toMatchObject([
      { code: 'RESYNC_REFUSED' },
    ]);
    expect((await original.keys.load())?.resync).toBe(0);
  });
});
