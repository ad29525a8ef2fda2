/** What a device does with a manager that misbehaves, or is not the one it was (docs/protocol.md §2.3, §3, §5, §6). */
import { encodeFrame, toHex } from '@lamplighter/sdk/wire';
import { noticeFrames } from '@lamplighter/sdk/protocol';
import { filled } from '../protocol/session-fixture.ts';
import { DeviceFixture, FACTORY, INTERVALS, imageOf, sha256 } from './device-fixture.ts';
import { nextAssignment } from './next-assignment.ts';
import { settle } from './virtual-clock.ts';

let fixture: DeviceFixture;

async function started(kind: 'end' | 'lightweight' = 'end'): Promise<DeviceFixture> {
  fixture = new DeviceFixture(kind);
  await fixture.start();
  return fixture;
}

/** Flips one bit of the record's last byte. */
function flipped(frame: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(frame);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

afterEach(async () => {
  await fixture.close();
});

describe('records', () => {
  it('that are replayed close with 4402', async () => {
    const { manager } = await started();
    const [frame] = manager.session.seal({ type: 'suspend', seconds: 0 });
    await manager.ask(INTERVALS);
    manager.push(frame!);
    await settle();
    expect(manager.line.closedByDevice).toEqual([4402]);
  });

  it.each([
    ['reordered', 4402],
    ['reflected', 4402],
    ['of another session', 4402],
    ['with one bit flipped', 4402],
    ['cut short', 4400],
    ['of no type', 4400],
  ] as const)('that are %s close with %i', async (how, code) => {
    const { manager, clock } = await started();
    const old = manager.session.seal({ type: 'suspend', seconds: 0 })[0]!;
    await manager.drop(1001);
    await clock.advance(20);
    const one = manager.session.seal({ type: 'upd-none', why: 0, proofs: false })[0]!;
    const two = manager.session.seal({ type: 'upd-none', why: 1, proofs: false })[0]!;
    const frames = {
      reordered: two,
      reflected: manager.echo ?? old,
      'of another session': old,
      'with one bit flipped': flipped(one),
      'cut short': one.slice(0, -1),
      'of no type': Uint8Array.of(0x81, 9),
    };
    manager.push(frames[how]);
    await settle();
    expect(manager.line.closedByDevice).toEqual([code]);
    expect(fixture.told('noUpdate')).toEqual([]);
    await clock.advance(20);
    expect(manager.line.state?.stats.badauth).toBe(code === 4402 ? 1 : 0);
  });

  it('beyond fmax close with 4400', async () => {
    const { manager } = await started('lightweight');
    manager.push(encodeFrame({ type: 'record', sealed: new Uint8Array(4700) }));
    await settle();
    expect(manager.line.closedByDevice).toEqual([4400]);
  });

  it('of a message out of place close with 4402', async () => {
    const { manager } = await started();
    await manager.send({ type: 'done', sha256: filled(1), code: 0 });
    expect(manager.line.closedByDevice).toEqual([4402]);
  });
});

describe('the window', () => {
  it('closes the session with 4429 on the ninth early request', async () => {
    const { manager } = await started();
    await manager.ask(INTERVALS);
    for (let early = 0; early < 9; early += 1) await manager.ask(INTERVALS);
    expect(manager.all('mon-ans')).toHaveLength(1);
    expect(manager.line.closedByDevice).toEqual([4429]);
    await fixture.clock.advance(20);
    expect(manager.line.state?.stats.early).toBe(9);
  });

  it('closes the session with 4402 on the third bad signature', async () => {
    const { manager } = await started();
    const bad = {
      type: 'mon-req-e',
      idM: 'manager-1',
      r: filled(1),
      mode: 0,
      sig: filled(0, 64),
    } as const;
    for (const n of [1, 2, 3]) await manager.send({ ...bad, n });
    expect([manager.all('mon-ans'), manager.line.closedByDevice]).toEqual([[], [4402]]);
  });

  it('counts a window that passed unused', async () => {
    const { manager, clock } = await started();
    await clock.advance(30);
    await manager.drop(1001);
    await clock.advance(20);
    expect(manager.line.state?.stats.late).toBe(1);
    expect(manager.line.state?.opensIn).toBeGreaterThan(50);
  });

  it('tells a restart once', async () => {
    const { manager, clock } = await started();
    expect(manager.line.state?.flags).toBe(1);
    await manager.drop(1001);
    await clock.advance(20);
    expect(manager.line.state?.flags).toBe(0);
  });

  it('measures what is in the slot now, not what was', async () => {
    const { manager } = await started();
    await fixture.firmware.write('A', 100, Uint8Array.of(0xee));
    await manager.ask(INTERVALS);
    expect(manager.last('mon-ans').hfw).not.toEqual(sha256(FACTORY.bytes));
    expect(manager.last('mon-ans').state.sha256).toEqual(sha256(FACTORY.bytes));
  });
});

describe('updates', () => {
  it('are asked for by the application, with the measure of now', async () => {
    const { manager, clock, device } = await started();
    device?.requestUpdate();
    await clock.advance(1);
    const query = manager.last('upd-query');
    expect(query).toMatchObject({ idD: 'lamp-1', seq: 7, ver: '1.0.7', size: 5000 });
    expect([query.hfw, query.challenge.length]).toEqual([sha256(FACTORY.bytes), 32]);
    device?.requestUpdate();
    await clock.advance(30);
    expect(manager.all('upd-query')).toHaveLength(1);
    await manager.send({ type: 'upd-none', why: 0, proofs: false });
    await clock.advance(2);
    expect(fixture.told('noUpdate')).toEqual([{ why: 0 }]);
    expect(manager.all('upd-query')).toHaveLength(2);
  });

  it.each([
    ['end', 1],
    ['lightweight', 0],
  ] as const)('are asked for by the timer of kind %s: %i query', async (kind, queries) => {
    const { manager, clock } = await started(kind);
    const before = manager.all('upd-query').length;
    await manager.ask(INTERVALS);
    await manager.send({ type: 'mon-set', ivn: 1, fti: 100, rti: 20, uti: 10 });
    await clock.advance(12);
    expect(manager.all('upd-query').length - before).toBe(queries);
  });

  it('for another firmware than the one in use get error 4', async () => {
    const { manager } = await started();
    await fixture.offer(fixture.release(imageOf(100, 2)), { hfw: filled(1) });
    expect(manager.last('error')).toEqual({ type: 'error', re: 18, code: 4 });
    expect(fixture.told('updateOffered')).toEqual([]);
  });

  it.each(['end', 'lightweight'] as const)(
    'with a broken signature never reach a slot of kind %s',
    async (kind) => {
      const { manager } = await started(kind);
      const { manifest, signed } = fixture.release(imageOf(9000, 2));
      const erased = jest.spyOn(fixture.firmware, 'erase');
      const written = jest.spyOn(fixture.firmware, 'write');
      await fixture.offer(fixture.offerable(manifest, flipped(signed), imageOf(9000, 2)));
      expect(manager.last('done').code).toBe(2);
      expect([erased.mock.calls, written.mock.calls]).toEqual([[], []]);
      expect(fixture.told('updateRefused')).toMatchObject([{ code: 2 }]);
      expect((await fixture.firmware.load()).result).toBeNull();
    },
  );

  it('unasked are looked at four times an hour', async () => {
    const { manager, clock } = await started();
    const release = fixture.release(imageOf(100, 2), { model: 'model-2' });
    for (let offer = 0; offer < 6; offer += 1) await fixture.offer(release);
    expect(manager.all('done').map(({ code }) => code)).toEqual([3, 3, 3, 3]);
    expect(manager.last('error')).toEqual({ type: 'error', re: 18, code: 11 });
    await clock.advance(3600);
    await fixture.offer(release);
    expect(manager.all('done')).toHaveLength(5);
  });

  it('fall back when the health check says no, and are never tried again', async () => {
    fixture = new DeviceFixture('end');
    await fixture.start({ healthCheck: ({ seq }) => seq !== 8 });
    const { manager, clock } = fixture;
    const release = fixture.release(imageOf(9000, 2));
    await fixture.offer(release);
    await clock.advance(20);
    expect(fixture.told('fellBack')).toEqual([{ seq: 8, version: '1.0.8' }]);
    expect(fixture.told('updated')).toEqual([]);
    expect(manager.line.state).toMatchObject({ seq: 7, pending: 1 });
    expect((manager.line.state?.flags ?? 0) & 8).toBe(8);
    expect(manager.last('result')).toMatchObject({ attempt: 1, seq: 8, code: 8 });
    await fixture.offer(release);
    expect(manager.last('error')).toEqual({ type: 'error', re: 18, code: 11 });
    await manager.send({ type: 'result-ack', attempt: 1 });
    await fixture.offer(release);
    expect(manager.last('done')).toEqual({ type: 'done', sha256: release.ref.sha256, code: 8 });
    expect((await fixture.firmware.load()).counter).toEqual({ gen: 0, seq: 7 });
    expect(fixture.told('restarting')).toHaveLength(1);
  });

  it('fall back after three starts without a session', async () => {
    const { manager, clock } = await started();
    manager.reachable = false;
    await fixture.offer(fixture.release(imageOf(9000, 2)));
    await clock.advance(2 * 900 + 10);
    expect([fixture.device?.image.seq, fixture.told('fellBack')]).toEqual([8, []]);
    await clock.advance(900);
    expect(fixture.told('fellBack')).toEqual([{ seq: 8, version: '1.0.8' }]);
    manager.reachable = true;
    await clock.advance(4000);
    expect(manager.last('result')).toMatchObject({ attempt: 1, seq: 8, code: 8 });
    expect(manager.line.state?.seq).toBe(7);
  });

  it('go on in a later session where the connection broke', async () => {
    const { manager, clock } = await started();
    const image = imageOf(200_000, 3);
    let frames = 0;
    manager.tamper = (frame) => {
      frames += frame.length > 10_000 ? 1 : 0;
      return frames > 8 ? null : frame;
    };
    await fixture.offer(fixture.release(image));
    expect((await fixture.firmware.load()).transfer).toMatchObject({ next: 8, attempt: 1 });
    manager.tamper = (frame) => frame;
    await clock.advance(62);
    expect(manager.lines[0]?.closedByDevice).toEqual([4408]);
    await clock.advance(20);
    expect(fixture.told('updated')).toEqual([{ seq: 8, version: '1.0.8' }]);
    expect(manager.all('want').map(({ from }) => from)).toEqual([0, 0, 0, 0, 8]);
    expect(await fixture.firmware.read('B', 0, image.length)).toEqual(image);
  });
});

describe('a handshake', () => {
  it('with a counter that M has seen is taken up by resync, at once', async () => {
    fixture = new DeviceFixture('end');
    fixture.manager.epoch = { ...fixture.manager.epoch, answeredCtr: 40 };
    await fixture.start();
    await fixture.clock.advance(1);
    expect(fixture.manager.lines).toHaveLength(2);
    expect(fixture.manager.line.state?.stats.resync).toBe(1);
    expect(fixture.manager.epoch.answeredCtr).toBe(41);
  });

  it.each(['end', 'lightweight'] as const)(
    'with a false Accept is closed with 4401 and tried again by kind %s',
    async (kind) => {
      fixture = new DeviceFixture(kind);
      fixture.manager.tamper = flipped;
      await fixture.start();
      expect(fixture.manager.lines[0]?.closedByDevice).toEqual([4401]);
      expect(fixture.told('error')[0]?.error).toMatchObject({ code: 'HANDSHAKE_NOT_AUTHENTIC' });
      fixture.manager.tamper = (frame) => frame;
      await fixture.clock.advance(20);
      expect(fixture.manager.line.state?.stats.badauth).toBe(1);
    },
  );

  it('without an answer ends after 10 s', async () => {
    fixture = new DeviceFixture('end');
    fixture.manager.onHello = () => true;
    await fixture.start();
    await fixture.clock.advance(10);
    expect(fixture.manager.lines[0]?.closedByDevice).toEqual([4408]);
    expect(fixture.told('error')[0]?.error).toMatchObject({ code: 'DEADLINE_PASSED' });
  });

  it('is tried again in growing steps, up to an hour', async () => {
    fixture = new DeviceFixture('end');
    fixture.manager.reachable = false;
    await fixture.start({
      random: (length) => Uint8Array.from({ length }, (_, at) => (at === 0 ? 0x80 : 0)),
    });
    await fixture.clock.advance(20_000);
    const steps = fixture
      .told('disconnected')
      .map(({ retryInSeconds }) => Math.round(retryInSeconds));
    expect(steps.slice(0, 11)).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
  });
});

describe('a new assignment', () => {
  it.each(['end', 'lightweight'] as const)(
    'in a notice moves a device of kind %s',
    async (kind) => {
      fixture = new DeviceFixture(kind);
      const { envelope, manager } = nextAssignment(fixture);
      const old = fixture.manager;
      old.onHello = (line) => {
        for (const frame of noticeFrames(envelope)) line.inbox.push(frame);
        line.inbox.end(4410);
        return true;
      };
      await fixture.start({
        transport: (url, options) =>
          (url.includes('other') ? manager : old).transport(url, options),
      });
      await fixture.clock.advance(1);
      expect(fixture.told('reassigned')).toEqual([{ manager: 'manager-2', epoch: 2 }]);
      expect(fixture.told('connected')).toEqual([
        { manager: 'manager-2', url: 'ws://other.example/v1/device' },
      ]);
      await manager.ask(INTERVALS);
      expect(manager.all('mon-ans')).toHaveLength(1);
      expect((await fixture.keys.load())?.former).toBeNull();
    },
  );

  it('in a push moves the device, which acknowledges it first', async () => {
    await started();
    const { envelope, manager } = nextAssignment(fixture);
    const old = fixture.manager;
    await fixture.close();
    await fixture.start({
      transport: (url, options) => (url.includes('other') ? manager : old).transport(url, options),
    });
    const name = sha256(envelope);
    old.objects.set(toHex(name), { kind: 'blob', bytes: envelope });
    await old.send({ type: 'push', ref: { kind: 6, sha256: name, size: envelope.length } });
    await fixture.clock.advance(1);
    expect(old.last('push-ack')).toEqual({ type: 'push-ack', sha256: name, code: 0 });
    expect(manager.line.state?.ivn).toBe(0);
  });

  it('is dialled in turn with the old one after three failures, and the old one still works', async () => {
    await started();
    const { envelope, manager } = nextAssignment(fixture);
    manager.reachable = false;
    const old = fixture.manager;
    await fixture.close();
    await fixture.start({
      transport: (url, options) => (url.includes('other') ? manager : old).transport(url, options),
    });
    const name = sha256(envelope);
    old.objects.set(toHex(name), { kind: 'blob', bytes: envelope });
    await old.send({ type: 'push', ref: { kind: 6, sha256: name, size: envelope.length } });
    await fixture.clock.advance(200);
    expect(fixture.told('connected').at(-1)?.manager).toBe('manager-1');
    expect((await fixture.keys.load())?.former).not.toBeNull();
    await old.drop(1001);
    manager.reachable = true;
    await fixture.clock.advance(200);
    expect(fixture.told('connected').at(-1)?.manager).toBe('manager-2');
    expect((await fixture.keys.load())?.former).toBeNull();
  });

  it.each([
    ['a false signature', (envelope: Uint8Array) => flipped(envelope), 2],
    ['another device', () => nextAssignment(fixture, { idD: 'lamp-2' }).envelope, 3],
    ['an epoch that is not new', () => nextAssignment(fixture, { epoch: 1 }).envelope, 3],
    ['a serial that was used', () => nextAssignment(fixture, { serial: 0 }).envelope, 2],
  ])('for %s is refused, and the device stays', async (_, change, code) => {
    const { manager } = await started();
    const envelope = change(nextAssignment(fixture).envelope);
    const name = sha256(envelope);
    manager.objects.set(toHex(name), { kind: 'blob', bytes: envelope });
    await manager.send({ type: 'push', ref: { kind: 6, sha256: name, size: envelope.length } });
    expect(manager.last('push-ack').code).toBe(code);
    await manager.ask(INTERVALS);
    expect(manager.all('mon-ans')).toHaveLength(1);
  });

  it('that retires the device ends it, keys and all', async () => {
    const { manager } = await started();
    const { envelope } = nextAssignment(fixture, { op: 1 });
    const name = sha256(envelope);
    manager.objects.set(toHex(name), { kind: 'blob', bytes: envelope });
    await manager.send({ type: 'push', ref: { kind: 6, sha256: name, size: envelope.length } });
    await fixture.clock.advance(100);
    expect(fixture.told('retired')).toEqual([{ device: 'lamp-1' }]);
    expect(fixture.told('closed')).toHaveLength(1);
    await expect(fixture.keys.load()).rejects.toMatchObject({ code: 'DEVICE_RETIRED' });
    await expect(fixture.start()).rejects.toMatchObject({ code: 'DEVICE_RETIRED' });
    expect(manager.lines).toHaveLength(1);
  });

  it('of a kind or size that this version does not take is refused by code', async () => {
    const { manager } = await started();
    await manager.send({ type: 'push', ref: { kind: 7, sha256: filled(1), size: 10 } });
    expect(manager.last('push-ack').code).toBe(9);
    await manager.send({ type: 'push', ref: { kind: 6, sha256: filled(2), size: 20_481 } });
    expect(manager.last('push-ack').code).toBe(7);
  });
});

describe('a device', () => {
  it('is silent for as long as its manager says', async () => {
    const { manager, clock } = await started();
    await manager.send({ type: 'suspend', seconds: 500 });
    expect(fixture.told('suspended')).toEqual([{ seconds: 500 }]);
    await clock.advance(499);
    expect(manager.lines).toHaveLength(1);
    await clock.advance(2);
    expect(manager.lines).toHaveLength(2);
  });

  it('is silent over a restart too, where it has a clock that goes on', async () => {
    const { manager, clock } = await started();
    await manager.send({ type: 'suspend', seconds: 500 });
    await fixture.close();
    await fixture.start({ trustedTime: () => 1_000_100 });
    await clock.advance(399);
    expect(manager.lines).toHaveLength(1);
    await clock.advance(2);
    expect(manager.lines).toHaveLength(2);
    await fixture.close();
    await fixture.start({ trustedTime: () => 1_000_501 });
    expect(manager.lines).toHaveLength(3);
  });

  it('without such a clock dials at its start', async () => {
    const { manager } = await started();
    await manager.send({ type: 'suspend', seconds: 500 });
    await fixture.close();
    await fixture.start({ trustedTime: () => null });
    expect(manager.lines).toHaveLength(2);
  });

  it('leaves nothing behind when it is closed, or its signal aborts', async () => {
    const abort = new AbortController();
    fixture = new DeviceFixture('end');
    await fixture.start({ signal: abort.signal });
    abort.abort();
    await settle();
    expect(fixture.told('closed')).toEqual([{}]);
    expect(fixture.manager.line.closedByDevice).toEqual([1000]);
    expect(fixture.clock.pending).toBe(0);
    await fixture.close();
    expect(fixture.told('closed')).toHaveLength(1);
  });

  it('does not start with an aborted signal, nor as the other kind', async () => {
    fixture = new DeviceFixture('end');
    await expect(fixture.start({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
      'no',
    );
    const { identity } = fixture;
    const other = new DeviceFixture('lightweight');
    Object.assign(other.identity, { assignment: identity.assignment, device: identity.device });
    await expect(other.start()).rejects.toMatchObject({ code: 'ENROLMENT_REFUSED' });
  });
});
