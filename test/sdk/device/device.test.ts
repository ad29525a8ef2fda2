/** Devices of both classes against a manager in memory, over real sessions (docs/protocol.md §3, §6). */
import { judgeAnswer, measureImage } from '@lamplighter/sdk/protocol';
import { suiteOf } from '@lamplighter/sdk/crypto';
import { DeviceFixture, FACTORY, INTERVALS, imageOf, sha256 } from './device-fixture.ts';

const EXPECTED = { seq: FACTORY.seq, version: FACTORY.version, size: FACTORY.bytes.length };

describe.each(['end', 'lightweight'] as const)('a device of kind %s', (kind) => {
  let fixture: DeviceFixture;

  beforeEach(async () => {
    fixture = new DeviceFixture(kind);
    await fixture.start();
  });

  afterEach(async () => {
    await fixture.close();
  });

  it('is monitored and takes new intervals', async () => {
    const { manager } = fixture;
    expect(fixture.told('connected')).toEqual([
      { manager: 'manager-1', url: 'ws://gateway.example/v1/device' },
    ]);
    const round = await manager.ask(INTERVALS);
    const answer = manager.last('mon-ans');
    const measured = measureImage(suiteOf(0x0103), round.r, FACTORY.bytes);
    expect(judgeAnswer(round, answer, EXPECTED, measured, suiteOf(0x0103))).toEqual({
      kind: 'normal',
      intervalsKnown: true,
    });
    expect(answer.state.opensIn).toBe(INTERVALS.fti);
    await manager.send({ type: 'mon-set', ivn: 1, fti: 50, rti: 10, uti: 500 });
    expect(manager.last('mon-ack')).toEqual({ type: 'mon-ack', ivn: 1 });
    expect(fixture.told('intervals')).toEqual([{ fti: 50, rti: 10, uti: 500, ivn: 1 }]);
  });

  it('installs a release, restarts into it, confirms it and tells the result until acknowledged', async () => {
    const image = imageOf(100_000, 9);
    await fixture.offer(fixture.release(image));
    await fixture.clock.advance(10);
    expect(fixture.told('updateRefused')).toEqual([]);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
    const { manager } = fixture;
    expect(manager.all('done').map(({ code }) => code)).toEqual([0, 0]);
    expect(manager.last('result')).toEqual({
      type: 'result',
      attempt: 1,
      seq: 8,
      sha256: sha256(image),
      code: 0,
    });
    await manager.drop(1001);
    await fixture.clock.advance(10);
    expect(manager.line.state).toMatchObject({ seq: 8, pending: 1 });
    expect(manager.all('result')).toHaveLength(2);
    await manager.send({ type: 'result-ack', attempt: 1 });
    await manager.drop(1001);
    await fixture.clock.advance(10);
    expect(manager.line.state).toMatchObject({ seq: 8, pending: 0 });
    expect(manager.all('result')).toHaveLength(2);
  });
});
