import {
  handshakeKeys,
  handshakeSecret,
  helloMac,
  resyncMac,
  suiteOf,
  transcriptNext,
} from '@lamplighter/sdk/crypto';
import {
  acceptSession,
  answerHello,
  checkHello,
  finishSession,
  NoticeAssembly,
  stepCounter,
  type DeviceEpoch,
  type ManagedEpoch,
} from '@lamplighter/sdk/protocol';
import {
  decodeFrame,
  encodeFrame,
  encodeCbor,
  helloCoreCodec,
  type HelloCore,
  type HelloFrame,
  type NoticeFrame,
} from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';
import {
  answer,
  assignmentOf,
  checked,
  DEVICE_SECRET,
  enrolPair,
  establish,
  filled,
  hello,
  lightweight,
  MANAGER_SECRET,
  STATE,
  verdictOn,
} from './session-fixture.ts';
import { ed25519PublicKey } from '@lamplighter/sdk/crypto';

const suite = suiteOf(0x0103);
const end = enrolPair();
const light = enrolPair(lightweight());

/** A Hello with fields changed, under a right mac0. */
function changed(epoch: DeviceEpoch, changes: Partial<HelloCore>): Uint8Array {
  const { core } = decodeFrame(hello(epoch).frame) as HelloFrame;
  const encoded = helloCoreCodec.encode({ ...helloCoreCodec.decode(core), ...changes });
  return encodeFrame({
    type: 'hello',
    core: encoded,
    mac0: helloMac(suite, epoch.kHello, encoded),
  });
}

function skip(epoch: DeviceEpoch, times: number): DeviceEpoch {
  let stepped = epoch;
  for (let at = 0; at < times; at += 1) stepped = stepCounter(stepped);
  return stepped;
}

describe('checkHello', () => {
  it('accepts both classes', () => {
    expect(verdictOn(hello(end.device).frame, end.managed).kind).toBe('accept');
    expect(verdictOn(hello(light.device).frame, light.managed)).toMatchObject({
      kind: 'accept',
      chainIndex: 1,
    });
  });

  const right = hello(end.device).frame;
  it.each([
    ['more than 4096 bytes', new Uint8Array(4097), 'FRAME_TOO_LARGE'],
    ['nothing', new Uint8Array(0), 'FRAME_MALFORMED'],
    ['a Hello cut short', right.slice(0, -1), 'FRAME_MALFORMED'],
    ['a Hello with a byte after it', Uint8Array.of(...right, 0), 'FRAME_MALFORMED'],
    [
      'a frame of another type',
      encodeFrame({ type: 'finish', sealed: filled(0) }),
      'FRAME_UNEXPECTED',
    ],
    ['an unknown frame type', encodeCbor([9]), 'FRAME_MALFORMED'],
    [
      'a hello-core that is none',
      encodeFrame({ type: 'hello', core: filled(0, 3), mac0: filled(0, 16) }),
      'FRAME_MALFORMED',
    ],
  ])('closes 4400 on %s', (_, frame, code) => {
    expect(refusalOf(() => verdictOn(frame, end.managed))).toEqual({ code, closeCode: 4400 });
  });

  it.each([
    ['an unknown kid', changed(end.device, { kid: filled(0, 16) }), 'HELLO_UNKNOWN_KID'],
    ['another suite', changed(end.device, { suite: 0x0201 }), 'HELLO_NOT_AS_ENROLLED'],
    ['another epoch', changed(end.device, { epoch: 2 }), 'HELLO_NOT_AS_ENROLLED'],
    ['no X25519 key', changed(end.device, { ed: new Uint8Array(0) }), 'HELLO_NOT_AS_ENROLLED'],
    [
      'resumption under the kid',
      changed(end.device, { mode: 1, ed: new Uint8Array(0) }),
      'HELLO_NOT_AS_ENROLLED',
    ],
    ['a chain index of an end node', changed(end.device, { ci: 1 }), 'HELLO_NOT_AS_ENROLLED'],
    [
      'a generation 65537 ahead',
      changed(end.device, { ctr: 65_537 * 16 }),
      'HELLO_GENERATION_TOO_FAR',
    ],
  ])('closes 4401 on %s', (_, frame, reason) => {
    expect(verdictOn(frame, end.managed)).toEqual({ kind: 'refuse', closeCode: 4401, reason });
  });

  it('accepts a generation 65536 ahead', () => {
    expect(verdictOn(changed(end.device, { ctr: 65_537 * 16 - 1 }), end.managed).kind).toBe(
      'accept',
    );
  });

  it('closes 4401 on an X25519 key of a lightweight node, and on a chain index never sent', () => {
    expect(verdictOn(changed(light.device, { ed: filled(1) }), light.managed)).toMatchObject({
      reason: 'HELLO_NOT_AS_ENROLLED',
      closeCode: 4401,
    });
    expect(verdictOn(changed(light.device, { ci: 1 }), light.managed)).toEqual({
      kind: 'refuse',
      closeCode: 4401,
      reason: 'CHAIN_INDEX_AHEAD',
      device: light.managed.assignment.idD,
      alarm: 'chain-ahead',
    });
  });

  it.each([0, 15])('closes 4401 on a wrong bit in byte %d of mac0', (at) => {
    const frame = decodeFrame(hello(end.device).frame) as HelloFrame;
    const mac0 = frame.mac0.slice();
    mac0[at] = (mac0[at] ?? 0) ^ 1;
    expect(verdictOn(encodeFrame({ ...frame, mac0 }), end.managed)).toMatchObject({
      closeCode: 4401,
      reason: 'HELLO_MAC_WRONG',
    });
  });

  it("closes 4401 on another device's key under this kid", () => {
    const other = { ...end.device, kHello: filled(9) };
    expect(verdictOn(hello(other).frame, end.managed)).toMatchObject({ reason: 'HELLO_MAC_WRONG' });
  });

  it('looks at mac0 before the counter: a replay with a wrong mac gets no resync', () => {
    const frame = decodeFrame(hello(end.device).frame) as HelloFrame;
    const forged = encodeFrame({ ...frame, mac0: filled(0, 16) });
    const verdict = verdictOn(forged, { ...end.managed, answeredCtr: 5 });
    expect(verdict).toMatchObject({ kind: 'refuse', reason: 'HELLO_MAC_WRONG' });
  });

  it('answers a replay, and every counter not above the answered one, with resync', () => {
    const { frame, epoch } = answer(right, end.managed);
    expect(frame.length).toBeGreaterThan(0);
    const verdict = verdictOn(right, epoch);
    expect(verdict).toMatchObject({ kind: 'resync', closeCode: 4409 });
    const resync = decodeFrame((verdict as { frame: Uint8Array }).frame);
    const nd = filled(0x11, 16);
    expect(resync).toEqual({
      type: 'resync',
      nd,
      ctr: 1,
      mac: resyncMac(suite, end.device.kHello, nd, 1),
    });
  });

  it('answers a replaced kid with notice, without looking at mac0', () => {
    const frame = decodeFrame(right) as HelloFrame;
    const replacedBy = filled(1, 1500);
    const unsigned = encodeFrame({ ...frame, mac0: filled(0, 16) });
    const verdict = checkHello(unsigned, () => ({ replacedBy }));
    expect(verdict).toMatchObject({ kind: 'notice', closeCode: 4410 });
    const assembly = new NoticeAssembly();
    const { frames } = verdict as unknown as { frames: Uint8Array[] };
    const pieces = frames.map((each) => assembly.add(decodeFrame(each) as NoticeFrame));
    expect(pieces.at(-1)).toEqual(replacedBy);
  });

  it('closes 4401 with an alarm at the end of a chain', () => {
    const pair = enrolPair(lightweight(64));
    const managed: ManagedEpoch = {
      ...pair.managed,
      chain: { seed: pair.managed.chain!.seed, highestSent: 64 },
    };
    expect(verdictOn(hello(pair.device).frame, managed)).toEqual({
      kind: 'refuse',
      closeCode: 4401,
      reason: 'CHAIN_EXHAUSTED',
      device: pair.managed.assignment.idD,
      alarm: 'chain-exhausted',
    });
  });
});

describe('answerHello', () => {
  it('moves the answered counter and R, and nothing else', () => {
    const { epoch } = answer(hello(light.device).frame, light.managed);
    expect(epoch).toEqual({
      ...light.managed,
      answeredCtr: 1,
      chain: { ...light.managed.chain, highestSent: 1 },
    });
  });

  it('skips one value after a lost Accept, so no value is shown to two transcripts', () => {
    const first = answer(hello(light.device).frame, light.managed);
    const second = checked(hello(skip(light.device, 1)).frame, first.epoch);
    expect(second.chainIndex).toBe(2);
  });

  it('passes an alarm on', () => {
    const managed: ManagedEpoch = {
      ...light.managed,
      chain: { seed: light.managed.chain!.seed, highestSent: 600 },
    };
    const answered = answer(hello(light.device).frame, managed);
    expect(answered.alarm).toBe('chain-behind');
    expect(answered.epoch.chain?.highestSent).toBe(600);
  });

  it("closes 4401 on a device's X25519 key of small order", () => {
    const verdict = checked(changed(end.device, { ed: filled(0) }), end.managed);
    const parameters = {
      nm: filled(1, 16),
      ephemeralSecret: filled(2),
      signatureKey: MANAGER_SECRET,
    };
    expect(refusalOf(() => answerHello(verdict, parameters))).toEqual({
      code: 'HANDSHAKE_KEY_REFUSED',
      closeCode: 4401,
    });
  });

  it('wants the keys of the class', () => {
    const verdict = checked(hello(end.device).frame, end.managed);
    expect(() => answerHello(verdict, { nm: filled(1, 16) })).toThrow(RangeError);
    expect(() => answerHello(verdict, { nm: filled(1, 16), ephemeralSecret: filled(2) })).toThrow(
      RangeError,
    );
  });
});

describe('finishSession', () => {
  function before(pair = end) {
    const sent = hello(pair.device);
    const answered = answer(sent.frame, pair.managed);
    const device = acceptSession(sent.pending, answered.frame, STATE, DEVICE_SECRET);
    return { answered, finish: device.frame };
  }

  it('moves the completed counter and generation only now', () => {
    const pair = enrolPair();
    const device = skip(pair.device, 30);
    const { manager } = establish({ device, managed: pair.managed });
    expect(manager.epoch.completedCtr).toBe(31);
    expect(manager.epoch.answeredCtr).toBe(31);
    expect(manager.epoch.generation.index).toBe(1);
    expect(manager.state).toEqual(STATE);
  });

  it.each([
    ['more than 4096 bytes', new Uint8Array(4097), 'FRAME_TOO_LARGE', 4400],
    ['a record', encodeFrame({ type: 'record', sealed: filled(0) }), 'FRAME_UNEXPECTED', 4400],
    ['bytes that are no frame', filled(0xff, 4), 'FRAME_MALFORMED', 4400],
    [
      'an empty Finish',
      encodeFrame({ type: 'finish', sealed: filled(0, 0) }),
      'HANDSHAKE_NOT_AUTHENTIC',
      4401,
    ],
    [
      'a false Finish',
      encodeFrame({ type: 'finish', sealed: filled(0, 90) }),
      'HANDSHAKE_NOT_AUTHENTIC',
      4401,
    ],
  ])('refuses %s', (_, frame, code, closeCode) => {
    const { answered } = before();
    expect(refusalOf(() => finishSession(answered.pending, frame, answered.epoch))).toEqual({
      code,
      closeCode,
    });
  });

  it("refuses M's own Accept, reflected as Finish", () => {
    const { answered } = before();
    const accept = decodeFrame(answered.frame) as { sealed: Uint8Array };
    const frame = encodeFrame({ type: 'finish', sealed: accept.sealed });
    expect(refusalOf(() => finishSession(answered.pending, frame, answered.epoch))).toEqual({
      code: 'HANDSHAKE_NOT_AUTHENTIC',
      closeCode: 4401,
    });
  });

  it('refuses the Finish of another handshake, and of another device', () => {
    const { answered } = before();
    const other = before(enrolPair(assignmentOf({ idD: 'lamp-2', kid: filled(0x0b, 16) })));
    expect(refusalOf(() => finishSession(answered.pending, other.finish, answered.epoch))).toEqual({
      code: 'HANDSHAKE_NOT_AUTHENTIC',
      closeCode: 4401,
    });
  });

  it('takes one Finish a handshake', () => {
    const { answered, finish } = before();
    finishSession(answered.pending, finish, answered.epoch);
    expect(refusalOf(() => finishSession(answered.pending, finish, answered.epoch))).toEqual({
      code: 'HANDSHAKE_USED',
      closeCode: 4400,
    });
  });

  it('lets the higher counter replace the lower', () => {
    const { answered, finish } = before();
    const later = answer(hello(skip(end.device, 1)).frame, answered.epoch);
    expect(refusalOf(() => finishSession(answered.pending, finish, later.epoch))).toEqual({
      code: 'HANDSHAKE_SUPERSEDED',
      closeCode: 4401,
    });
  });

  /** A Finish sealed as D would, over any body. */
  function finishOf(body: Parameters<typeof encodeCbor>[0]): {
    answered: ReturnType<typeof answer>;
    frame: Uint8Array;
  } {
    const sent = hello(light.device);
    const answered = answer(sent.frame, light.managed);
    const accept = decodeFrame(answered.frame) as { core: Uint8Array; sealed: Uint8Array };
    const h1 = suite.hash(light.device.en, sent.frame);
    const h3 = transcriptNext(suite, transcriptNext(suite, h1, accept.core), accept.sealed);
    const s = handshakeSecret(suite, light.device.generation.key, new Uint8Array(0));
    const { key, iv } = handshakeKeys(suite, s, 'finish', h3);
    const sealed = suite.seal(key, iv, h3, encodeCbor(body));
    return { answered, frame: encodeFrame({ type: 'finish', sealed }) };
  }
  const stats = [0, 0, 0, 0, 0, 0, 0];
  const state = [1, filled(0), 0, 0, 0, 0, stats];
  it.each([
    ['another id', ['soil-2', new Uint8Array(0), state], 'HANDSHAKE_WRONG_ID'],
    [
      'a signature without a device key',
      ['soil-1', filled(1, 64), state],
      'HANDSHAKE_SIGNATURE_WRONG',
    ],
    ['a state of another shape', ['soil-1', new Uint8Array(0), [1]], 'HANDSHAKE_BODY_MALFORMED'],
    ['no body', 0, 'HANDSHAKE_BODY_MALFORMED'],
  ])('closes 4401 on %s inside a right seal', (_, body, code) => {
    const { answered, frame } = finishOf(body);
    expect(refusalOf(() => finishSession(answered.pending, frame, answered.epoch))).toEqual({
      code,
      closeCode: 4401,
    });
  });

  it("requires the device's signature when it has a key", () => {
    const pair = enrolPair(assignmentOf({ dkey: ed25519PublicKey(DEVICE_SECRET) }));
    expect(establish(pair).manager.epoch.completedCtr).toBe(1);
    const sent = hello(pair.device);
    const answered = answer(sent.frame, pair.managed);
    const forged = acceptSession(sent.pending, answered.frame, STATE, filled(0x77));
    expect(refusalOf(() => finishSession(answered.pending, forged.frame, answered.epoch))).toEqual({
      code: 'HANDSHAKE_SIGNATURE_WRONG',
      closeCode: 4401,
    });
  });
});
