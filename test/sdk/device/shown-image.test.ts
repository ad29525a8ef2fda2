/** A device that is to show its image (docs/protocol.md §6.2 step 4, mode `full`). */
import { concatBytes } from '@lamplighter/sdk/wire';
import { filled } from '../protocol/session-fixture.ts';
import { DeviceFixture, FACTORY, INTERVALS, sha256 } from './device-fixture.ts';

const NAME = sha256(FACTORY.bytes);
const WANT = { type: 'want', sha256: NAME, from: 0, credit: 256, paths: false } as const;
const REFUSED = { type: 'error', re: 20, code: 9 };

let fixture: DeviceFixture;

afterEach(async () => {
  await fixture.close();
});

describe.each(['end', 'lightweight'] as const)('a device of class %s', (kind) => {
  beforeEach(async () => {
    fixture = new DeviceFixture(kind);
    await fixture.start();
  });

  it('sends the slot in use, as it is in flash, in pieces of a frame', async () => {
    const { manager } = fixture;
    await fixture.firmware.write('A', 100, Uint8Array.of(0xee));
    await manager.ask(INTERVALS, { full: true });
    const { hfw } = manager.last('mon-ans');
    expect(hfw).not.toEqual(NAME);
    await manager.send({ ...WANT, sha256: hfw });
    const pieces = manager.all('blob');
    const most = manager.session.fmax - 128;
    expect(pieces).toHaveLength(Math.ceil(FACTORY.bytes.length / most));
    const shown = concatBytes(...pieces.map(({ data }) => data));
    expect([shown[100], sha256(shown)]).toEqual([0xee, hfw]);
    await manager.send({ type: 'done', sha256: hfw, code: 5 });
    expect(manager.line.closedByDevice).toEqual([]);
  });

  it('goes on from where credit ended, and sends no byte twice', async () => {
    const { manager } = fixture;
    await manager.ask(INTERVALS, { full: true });
    const most = manager.session.fmax - 128;
    await manager.send({ ...WANT, credit: 1 });
    await manager.send(WANT);
    expect(manager.last('error')).toEqual(REFUSED);
    await manager.send({ ...WANT, from: most });
    const starts = manager.all('blob').map(({ from }) => from);
    expect(starts).toEqual(kind === 'lightweight' ? [0, most] : [0]);
  });

  it('shows nothing in mode proof, and nothing but its image', async () => {
    const { manager } = fixture;
    await manager.send(WANT);
    expect(manager.last('error')).toEqual(REFUSED);
    await manager.ask(INTERVALS);
    await manager.send(WANT);
    expect(manager.all('error')).toEqual([REFUSED, REFUSED]);
    await manager.send({ ...WANT, sha256: filled(1) });
    expect([manager.all('error').length, manager.all('blob')]).toEqual([3, []]);
  });

  it('takes new intervals within a minute of the end, with the answer as T0', async () => {
    const { manager, clock } = fixture;
    await manager.ask(INTERVALS, { full: true });
    await manager.send(WANT);
    await clock.advance(50);
    await manager.send({ type: 'done', sha256: NAME, code: 0 });
    await clock.advance(50);
    await manager.send({ type: 'mon-set', ivn: 1, fti: 200, rti: 20, uti: 1000 });
    expect(manager.last('mon-ack')).toEqual({ type: 'mon-ack', ivn: 1 });
    await manager.drop(1001);
    await clock.advance(20);
    expect(manager.line.state?.opensIn).toBeLessThanOrEqual(100);
  });
});
