import {
  ed25519PublicKey,
  ed25519Sign,
  encodeChainProof,
  handshakeKeys,
  handshakeSecret,
  nextGeneration,
  resyncMac,
  suiteOf,
  transcriptNext,
  x25519PublicKey,
  x25519SharedSecret,
} from '@lamplighter/sdk/crypto';
import {
  acceptResync,
  acceptSession,
  startHello,
  stepCounter,
  type DeviceEpoch,
} from '@lamplighter/sdk/protocol';
import {
  acceptCoreCodec,
  decodeFrame,
  encodeCbor,
  encodeFrame,
  type CborValue,
} from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';
import {
  answer,
  assignmentOf,
  CHAIN_SEED,
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

const suite = suiteOf(0x0103);
const EMPTY = new Uint8Array(0);
const end = enrolPair();
const light = enrolPair(lightweight());
const notAuthentic = { code: 'HANDSHAKE_NOT_AUTHENTIC', closeCode: 4401 };

describe('stepCounter', () => {
  it('counts, and steps the generation every 16 sessions', () => {
    let epoch: DeviceEpoch = end.device;
    const indices: number[] = [];
    for (let ctr = 1; ctr <= 33; ctr += 1) {
      epoch = stepCounter(epoch);
      expect(epoch.ctr).toBe(ctr);
      indices.push(epoch.generation.index);
    }
    expect(indices).toEqual([...Array<number>(15).fill(0), ...Array<number>(16).fill(1), 2, 2]);
    const second = nextGeneration(suite, nextGeneration(suite, end.device.generation.key));
    expect(epoch.generation.key).toEqual(second);
    expect(end.device.ctr).toBe(0);
  });

  it('ends at 2^53 - 1', () => {
    const last = { ...end.device, ctr: 2 ** 53 - 1 };
    expect(() => stepCounter(last)).toThrow(RangeError);
  });
});

describe('startHello', () => {
  it('wants a stepped counter, an ephemeral secret, and a frame size of the suite', () => {
    const parameters = { nd: filled(1, 16), ephemeralSecret: filled(2), fmax: 1280 };
    const stepped = stepCounter(end.device);
    expect(() => startHello(end.device, parameters)).toThrow(RangeError);
    expect(() => startHello(stepped, { nd: filled(1, 16), fmax: 1280 })).toThrow(RangeError);
    expect(() => startHello(stepped, { ...parameters, nd: filled(1, 15) })).toThrow(RangeError);
    expect(() => startHello(stepped, { ...parameters, fmax: 1279 })).toThrow(RangeError);
    expect(() => startHello(stepped, { ...parameters, fmax: 66_561 })).toThrow(RangeError);
  });
});

/** An Accept sealed as M would, over any body. */
function acceptOf(
  device: DeviceEpoch,
  proofOf: (h2: Uint8Array) => CborValue,
  em = device.assignment.class === 0 ? x25519PublicKey(filled(0x22)) : EMPTY,
): { pending: ReturnType<typeof hello>['pending']; frame: Uint8Array } {
  const sent = hello(device);
  const core = acceptCoreCodec.encode({ nm: filled(0x21, 16), em });
  const h2 = transcriptNext(suite, suite.hash(device.en, sent.frame), core);
  const z =
    device.assignment.class === 0
      ? x25519SharedSecret(filled(0x22), x25519PublicKey(filled(0x12)))
      : EMPTY;
  const s = handshakeSecret(suite, device.generation.key, z);
  const { key, iv } = handshakeKeys(suite, s, 'accept', h2);
  const sealed = suite.seal(key, iv, h2, encodeCbor(proofOf(h2)));
  return { pending: sent.pending, frame: encodeFrame({ type: 'accept', core, sealed }) };
}

function signedBy(secret: Uint8Array, h2: Uint8Array, side = 'M'): Uint8Array {
  return ed25519Sign(secret, Buffer.concat([Buffer.from(`lamplighter.v1 session ${side}\0`), h2]));
}

describe('acceptSession', () => {
  it('gives both ends the same h4 and frame size', () => {
    for (const pair of [end, light]) {
      const { device, manager } = establish(pair);
      expect(device.session.h4).toEqual(manager.session.h4);
      expect(device.session.fmax).toBe(4608);
    }
  });

  it('erases the ephemeral secret', () => {
    const secret = filled(0x12);
    const parameters = { nd: filled(1, 16), ephemeralSecret: secret, fmax: 1280 };
    const { frame, pending } = startHello(stepCounter(end.device), parameters);
    acceptSession(pending, answer(frame, end.managed).frame, STATE);
    expect(secret).toEqual(new Uint8Array(32));
  });

  it('moves the chain to what was shown and counts what was skipped', () => {
    const { device, manager } = establish(light);
    expect(device.epoch.chain?.index).toBe(1);
    expect(device.skipped).toBe(0);
    const lost = answer(hello(device.epoch).frame, manager.epoch);
    const again = { device: stepCounter(device.epoch), managed: lost.epoch };
    const next = establish(again).device;
    expect(next.epoch.chain?.index).toBe(3);
    expect(next.skipped).toBe(1);
    expect(establish(end).device.skipped).toBe(0);
  });

  const core = acceptCoreCodec.encode({ nm: filled(1, 16), em: x25519PublicKey(filled(2)) });
  const accept = (fields: { core?: Uint8Array; sealed?: Uint8Array }): Uint8Array =>
    encodeFrame({ type: 'accept', core, sealed: filled(0, 100), ...fields });
  it.each([
    ['more than 4096 bytes', new Uint8Array(4097), 'FRAME_TOO_LARGE', 4400],
    ['nothing', EMPTY, 'FRAME_MALFORMED', 4400],
    ['a record', encodeFrame({ type: 'record', sealed: filled(0) }), 'FRAME_UNEXPECTED', 4400],
    ['its own Hello, reflected', hello(end.device).frame, 'FRAME_UNEXPECTED', 4400],
    ['an accept-core that is none', accept({ core: filled(0xff, 3) }), 'FRAME_MALFORMED', 4400],
    [
      'no X25519 key of M',
      accept({ core: acceptCoreCodec.encode({ nm: filled(1, 16), em: EMPTY }) }),
      'HANDSHAKE_KEY_REFUSED',
      4401,
    ],
    [
      'an X25519 key of small order',
      accept({ core: acceptCoreCodec.encode({ nm: filled(1, 16), em: filled(0) }) }),
      'HANDSHAKE_KEY_REFUSED',
      4401,
    ],
    ['a false seal', accept({}), 'HANDSHAKE_NOT_AUTHENTIC', 4401],
    ['an empty seal', accept({ sealed: EMPTY }), 'HANDSHAKE_NOT_AUTHENTIC', 4401],
  ])('refuses %s', (_, frame, code, closeCode) => {
    const { pending } = hello(end.device);
    expect(refusalOf(() => acceptSession(pending, frame, STATE))).toEqual({ code, closeCode });
  });

  it('refuses an X25519 key of M in a lightweight node', () => {
    const { pending } = hello(light.device);
    expect(refusalOf(() => acceptSession(pending, accept({}), STATE))).toEqual({
      code: 'HANDSHAKE_KEY_REFUSED',
      closeCode: 4401,
    });
  });

  it('refuses the Accept of an earlier Hello, replayed', () => {
    const { frame } = answer(hello(end.device).frame, end.managed);
    const { pending } = hello(stepCounter(end.device), 4608, 0x44);
    expect(refusalOf(() => acceptSession(pending, frame, STATE))).toEqual(notAuthentic);
  });

  it('refuses the Accept for another device', () => {
    const other = enrolPair(assignmentOf({ idD: 'lamp-2' }));
    const { frame } = answer(hello(other.device).frame, other.managed);
    const { pending } = hello(end.device);
    expect(refusalOf(() => acceptSession(pending, frame, STATE))).toEqual(notAuthentic);
  });

  it('refuses one wrong bit in each part of Accept', () => {
    const sent = hello(end.device);
    const whole = decodeFrame(answer(sent.frame, end.managed).frame) as {
      core: Uint8Array;
      sealed: Uint8Array;
    };
    for (const part of ['core', 'sealed'] as const) {
      for (const at of [whole[part].length - 1, Math.floor(whole[part].length / 2)]) {
        const bytes = whole[part].slice();
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        const frame = encodeFrame({ type: 'accept', ...whole, [part]: bytes });
        const { pending } = hello(end.device);
        expect(refusalOf(() => acceptSession(pending, frame, STATE))).toEqual(notAuthentic);
      }
    }
  });

  it('takes one Accept a Hello', () => {
    const sent = hello(end.device);
    const { frame } = answer(sent.frame, end.managed);
    acceptSession(sent.pending, frame, STATE);
    expect(refusalOf(() => acceptSession(sent.pending, frame, STATE))).toEqual({
      code: 'HANDSHAKE_USED',
      closeCode: 4400,
    });
  });

  it.each([
    [
      'another manager',
      (h2: Uint8Array) => ['manager-2', signedBy(MANAGER_SECRET, h2)],
      'HANDSHAKE_WRONG_ID',
    ],
    [
      'another key',
      (h2: Uint8Array) => ['manager-1', signedBy(filled(9), h2)],
      'HANDSHAKE_PROOF_WRONG',
    ],
    [
      'a signature of the side D',
      (h2: Uint8Array) => ['manager-1', signedBy(MANAGER_SECRET, h2, 'D')],
      'HANDSHAKE_PROOF_WRONG',
    ],
    [
      'a signature over another transcript',
      () => ['manager-1', signedBy(MANAGER_SECRET, filled(1))],
      'HANDSHAKE_PROOF_WRONG',
    ],
    ['no proof', () => ['manager-1', EMPTY], 'HANDSHAKE_PROOF_WRONG'],
    ['a body of another shape', () => ['manager-1'], 'HANDSHAKE_BODY_MALFORMED'],
  ])('closes 4401 on %s inside a right seal', (_, proofOf, code) => {
    const { pending, frame } = acceptOf(end.device, proofOf);
    expect(refusalOf(() => acceptSession(pending, frame, STATE))).toEqual({
      code,
      closeCode: 4401,
    });
  });

  const { assignment } = light.device;
  it.each([
    ['a value that is not of the chain', () => encodeChainProof({ index: 1, value: filled(9) })],
    [
      'the seed itself, 4096 steps away',
      () => encodeChainProof({ index: 4096, value: CHAIN_SEED }),
    ],
    ['the stored value again', () => encodeChainProof(light.device.chain!)],
    ['a proof of 35 bytes', () => filled(0, 35)],
    [
      'an index far beyond, which would cost hours',
      () => encodeChainProof({ index: 2 ** 32 - 1, value: CHAIN_SEED }),
    ],
  ])('closes 4401 on %s', (_, proof) => {
    const { pending, frame } = acceptOf(light.device, () => [assignment.idM, proof()]);
    expect(refusalOf(() => acceptSession(pending, frame, STATE))).toEqual({
      code: 'HANDSHAKE_PROOF_WRONG',
      closeCode: 4401,
    });
  });

  it('wants the device key that the assignment names', () => {
    const pair = enrolPair(assignmentOf({ dkey: ed25519PublicKey(DEVICE_SECRET) }));
    const sent = hello(pair.device);
    const { frame } = answer(sent.frame, pair.managed);
    expect(() => acceptSession(sent.pending, frame, STATE)).toThrow(RangeError);
  });
});

describe('acceptResync', () => {
  const epoch = stepCounter(end.device);
  const nd = filled(0x11, 16);
  const resync = (ctr: number, changes: { nd?: Uint8Array; key?: Uint8Array } = {}): Uint8Array =>
    encodeFrame({
      type: 'resync',
      nd: changes.nd ?? nd,
      ctr,
      mac: resyncMac(suite, changes.key ?? epoch.kHello, changes.nd ?? nd, ctr),
    });
  const take = (frame: Uint8Array): DeviceEpoch => acceptResync(hello(end.device).pending, frame);

  it.each([1, 40, 1 + 2 ** 20])(
    'takes counter %d, and its generation',
    (ctr) => {
      const moved = take(resync(ctr));
      expect(moved.ctr).toBe(ctr);
      expect(moved.generation.index).toBe(Math.floor(ctr / 16));
      expect(stepCounter(moved).ctr).toBe(ctr + 1);
      // 65536 steps of the ratchet take a while on a loaded machine.
    },
    60_000,
  );

  it.each([
    ['a counter below its own', resync(0)],
    ['a counter more than 2^20 ahead', resync(2 + 2 ** 20)],
    ['another nd', resync(40, { nd: filled(0x12, 16) })],
    ['a mac under another key', resync(40, { key: filled(9) })],
  ])('closes 4401 on %s', (_, frame) => {
    expect(refusalOf(() => take(frame))).toEqual({ code: 'RESYNC_REFUSED', closeCode: 4401 });
  });

  it('closes 4400 on another frame, and on a second resync', () => {
    expect(refusalOf(() => take(encodeFrame({ type: 'finish', sealed: EMPTY }))).closeCode).toBe(
      4400,
    );
    const { pending } = hello(end.device);
    acceptResync(pending, resync(40));
    expect(refusalOf(() => acceptResync(pending, resync(41)))).toEqual({
      code: 'HANDSHAKE_USED',
      closeCode: 4400,
    });
  });

  it('lets D in again after it lost its counter', () => {
    const { manager } = establish(end);
    const lost = hello(end.device);
    const verdict = answerOrResync(lost.frame, manager.epoch);
    const moved = acceptResync(lost.pending, verdict);
    expect(establish({ device: moved, managed: manager.epoch }).manager.epoch.completedCtr).toBe(2);
  });
});

function answerOrResync(frame: Uint8Array, managed: typeof end.managed): Uint8Array {
  const verdict = verdictOn(frame, managed);
  if (verdict.kind !== 'resync') throw new Error(`expected resync, got ${verdict.kind}`);
  return verdict.frame;
}
