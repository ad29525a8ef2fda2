import fc from 'fast-check';
import { suiteOf, type Suite } from '@lamplighter/sdk/crypto';
import { Session, type SessionRole } from '@lamplighter/sdk/protocol';
import {
  decodeFrame,
  encodeFrame,
  encodeCbor,
  type CborValue,
  type Message,
  type RecordFrame,
} from '@lamplighter/sdk/wire';
import { RecordChannel } from '../../../sdk/src/protocol/record-channel.ts';
import { outcomeOf, refusalOf } from '../refusal.ts';
import { trafficSecret } from '@lamplighter/sdk/crypto';
import { assignmentOf, enrolPair, filled, lightweight, openSession } from './session-fixture.ts';

const suite = suiteOf(0x0103);
const MS = filled(1);
const H4 = filled(2);
const ready: Message = { type: 'ready', flags: 0 };
const ack: Message = { type: 'mon-ack', ivn: 3 };
const suspend: Message = { type: 'suspend', seconds: 60 };

function ends(of: Suite = suite, fmax = 4608): { device: Session; manager: Session } {
  const end = (role: SessionRole): Session =>
    new Session({ suite: of, ms: MS, h4: H4, role, fmax });
  const pair = { device: end('device'), manager: end('manager') };
  return pair;
}

function opened(of: Suite = suite, fmax = 4608): { device: Session; manager: Session } {
  const pair = ends(of, fmax);
  for (const frame of pair.manager.seal(ready)) pair.device.open(frame);
  return pair;
}

function one(session: Session, message: Message): Uint8Array {
  const frames = session.seal(message);
  expect(frames).toHaveLength(1);
  return frames[0]!;
}

/** Records as the other end would seal them, over any text. */
function channel(direction: 'm2d' | 'd2m'): RecordChannel {
  return new RecordChannel(suite, direction, trafficSecret(suite, MS, direction, H4));
}

function record(from: RecordChannel, item: CborValue): Uint8Array {
  return encodeFrame({ type: 'record', sealed: from.seal(encodeCbor(item)) });
}

/** A manager that has sent ready, and the device's channel to it. */
function managerSide(): { manager: Session; from: RecordChannel } {
  const { manager } = ends();
  manager.seal(ready);
  return { manager, from: channel('d2m') };
}

describe('a session', () => {
  it.each([
    ['an end node', assignmentOf()],
    ['a lightweight node', lightweight()],
  ])('carries messages both ways after the handshake of %s', (_, assignment) => {
    const { device, manager } = openSession(enrolPair(assignment));
    expect(device.session.isReady && manager.session.isReady).toBe(true);
    expect(manager.session.open(one(device.session, ack))).toEqual(ack);
    expect(device.session.open(one(manager.session, suspend))).toEqual(suspend);
  });

  it('carries any sequence of messages in order', () => {
    const direction = fc.array(fc.boolean(), { maxLength: 30 });
    fc.assert(
      fc.property(direction, (up) => {
        const { device, manager } = opened();
        up.forEach((isUp, at) => {
          const message: Message = isUp
            ? { type: 'mon-ack', ivn: at }
            : { type: 'suspend', seconds: at };
          const [from, to] = isUp ? [device, manager] : [manager, device];
          expect(to.open(one(from, message))).toEqual(message);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('passes an extension on, to be ignored', () => {
    const { manager, from } = managerSide();
    expect(manager.open(record(from, [99, 'later']))).toEqual({ type: 'extension', number: 99 });
    expect(manager.open(record(from, [12, 3]))).toEqual(ack);
  });

  it('gives content frames to D', () => {
    const { device } = opened();
    const content = { type: 'content', index: 1, path: [], sealed: filled(0) } as const;
    expect(device.open(encodeFrame(content))).toEqual(content);
  });

  it('fills frames up to fmax and no further', () => {
    const { device, manager } = opened(suite, 1280);
    const blob = (size: number): Message => ({
      type: 'blob',
      sha256: filled(0),
      from: 0,
      data: new Uint8Array(size),
    });
    let size = 1280;
    for (; ; size -= 1) {
      const attempt = size;
      if ('value' in fits(() => manager.seal(blob(attempt)))) break;
    }
    const [frame] = manager.seal(blob(size));
    expect(frame).toHaveLength(1280);
    expect(() => manager.seal(blob(size + 1))).toThrow(RangeError);
    expect(device.isClosed).toBe(false);
  });
});

function fits<T>(step: () => T): { value: T } | { error: RangeError } {
  try {
    return { value: step() };
  } catch (error) {
    if (error instanceof RangeError) return { error };
    throw error;
  }
}

describe('order', () => {
  it('D sends nothing before ready has opened, M nothing before ready', () => {
    const { device, manager } = ends();
    expect(() => device.seal(ack)).toThrow(RangeError);
    expect(() => device.rekey()).toThrow(RangeError);
    expect(() => manager.seal(suspend)).toThrow(RangeError);
    expect(() => manager.rekey()).toThrow(RangeError);
    manager.seal(ready);
    expect(() => manager.seal(ready)).toThrow(RangeError);
  });

  it('neither side sends what the other side says, nor rekey by hand', () => {
    const { device, manager } = opened();
    expect(() => device.seal(suspend)).toThrow(RangeError);
    expect(() => manager.seal(ack)).toThrow(RangeError);
    expect(() => manager.seal({ type: 'rekey', gen: 1 })).toThrow(RangeError);
  });

  it('a first record other than ready closes 4402', () => {
    const { device } = ends();
    const frame = record(channel('m2d'), [34, 60]);
    expect(refusalOf(() => device.open(frame))).toEqual({
      code: 'MESSAGE_OUT_OF_ORDER',
      closeCode: 4402,
    });
  });

  it('content before ready closes 4400', () => {
    const { device } = ends();
    const frame = encodeFrame({ type: 'content', index: 0, path: [], sealed: filled(0) });
    expect(refusalOf(() => device.open(frame))).toEqual({
      code: 'FRAME_UNEXPECTED',
      closeCode: 4400,
    });
  });

  it("a record of D before M's ready closes 4402", () => {
    const { manager } = ends();
    expect(refusalOf(() => manager.open(record(channel('d2m'), [12, 1])))).toEqual({
      code: 'MESSAGE_OUT_OF_ORDER',
      closeCode: 4402,
    });
  });

  it('a second ready closes 4402', () => {
    const { device } = ends();
    const from = channel('m2d');
    device.open(record(from, [3, 0]));
    expect(refusalOf(() => device.open(record(from, [3, 0])))).toEqual({
      code: 'MESSAGE_OUT_OF_ORDER',
      closeCode: 4402,
    });
  });

  it('flags of ready are ignored', () => {
    const { device } = ends();
    expect(device.open(record(channel('m2d'), [3, 77]))).toEqual({ type: 'ready', flags: 77 });
  });
});

describe('refused records', () => {
  const wrongSide = { code: 'MESSAGE_FROM_WRONG_SIDE', closeCode: 4402 };
  const wrong: readonly [string, CborValue, { code: string; closeCode: number }][] = [
    ['a message from the wrong side', [34, 60], wrongSide],
    ['ready from D', [3, 0], wrongSide],
    ['a known type of bad shape', [12], { code: 'RECORD_MALFORMED', closeCode: 4402 }],
    ['no array', 0, { code: 'RECORD_MALFORMED', closeCode: 4402 }],
    ['an unknown type', [62], { code: 'MESSAGE_TYPE_UNKNOWN', closeCode: 4400 }],
    [
      'rekey to the present generation',
      [1, 0],
      { code: 'REKEY_WRONG_GENERATION', closeCode: 4402 },
    ],
    ['rekey past the next generation', [1, 2], { code: 'REKEY_WRONG_GENERATION', closeCode: 4402 }],
  ];
  it.each(wrong)('%s', (_, item, refusal) => {
    const { manager, from } = managerSide();
    expect(refusalOf(() => manager.open(record(from, item)))).toEqual(refusal);
    expect(manager.isClosed).toBe(true);
  });

  it('bytes inside a right seal that do not decode', () => {
    const { manager, from } = managerSide();
    const frame = encodeFrame({ type: 'record', sealed: from.seal(filled(0xff, 3)) });
    expect(refusalOf(() => manager.open(frame))).toEqual({
      code: 'RECORD_MALFORMED',
      closeCode: 4402,
    });
  });

  const notAuthentic = { code: 'RECORD_NOT_AUTHENTIC', closeCode: 4402 };

  it('a replay, a reordered one, one left out', () => {
    const replay = opened();
    const first = one(replay.device, ack);
    replay.manager.open(first);
    expect(refusalOf(() => replay.manager.open(first))).toEqual(notAuthentic);
    const gap = opened();
    gap.device.seal(ack);
    expect(refusalOf(() => gap.manager.open(one(gap.device, ack)))).toEqual(notAuthentic);
  });

  it('a reflected one', () => {
    const { device } = opened();
    expect(refusalOf(() => device.open(one(device, ack)))).toEqual(notAuthentic);
  });

  it('one of another session, and of another device', () => {
    const pair = enrolPair();
    const { device, manager } = openSession(pair);
    const later = openSession({ ...pair, device: device.epoch, managed: manager.epoch });
    expect(refusalOf(() => later.manager.session.open(one(device.session, ack)))).toEqual(
      notAuthentic,
    );
    const other = openSession(enrolPair(assignmentOf({ idD: 'lamp-2' })));
    expect(refusalOf(() => manager.session.open(one(other.device.session, ack)))).toEqual(
      notAuthentic,
    );
  });

  it('one wrong bit anywhere in the seal', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), (place, bit) => {
        const { device, manager } = opened();
        const frame = decodeFrame(one(device, ack)) as RecordFrame;
        const sealed = frame.sealed.slice();
        const at = place % sealed.length;
        sealed[at] = (sealed[at] ?? 0) ^ (1 << bit);
        const spoilt = encodeFrame({ type: 'record', sealed });
        expect(refusalOf(() => manager.open(spoilt))).toEqual(notAuthentic);
      }),
      { numRuns: 100 },
    );
  });

  it.each([0, 1, 15])('a seal of %d bytes', (length) => {
    const { manager } = opened();
    const frame = encodeFrame({ type: 'record', sealed: new Uint8Array(length) });
    expect(refusalOf(() => manager.open(frame))).toEqual(notAuthentic);
  });

  it.each([
    ['a frame above fmax', new Uint8Array(4609), 'FRAME_TOO_LARGE'],
    ['bytes that are no frame', filled(0xff, 3), 'FRAME_MALFORMED'],
    ['nothing', new Uint8Array(0), 'FRAME_MALFORMED'],
    ['a frame of an unknown type', encodeCbor([64]), 'FRAME_MALFORMED'],
    [
      'a frame of the handshake',
      encodeFrame({ type: 'finish', sealed: filled(0) }),
      'FRAME_UNEXPECTED',
    ],
    [
      'content sent to M',
      encodeFrame({ type: 'content', index: 0, path: [], sealed: filled(0) }),
      'FRAME_UNEXPECTED',
    ],
  ])('%s', (_, frame, code) => {
    const { manager } = opened();
    expect(refusalOf(() => manager.open(frame))).toEqual({ code, closeCode: 4400 });
    expect(manager.isClosed).toBe(true);
  });

  it('any bytes close with a code of §8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const outcome = outcomeOf(() => opened().manager.open(bytes));
        const closeCode = 'refusal' in outcome ? outcome.refusal.closeCode : 0;
        expect([4400, 4402]).toContain(closeCode);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the end', () => {
  it('a failure ends the session for good, also for what would be right', () => {
    const { device, manager } = opened();
    const right = one(device, ack);
    refusalOf(() => manager.open(encodeFrame({ type: 'record', sealed: filled(0) })));
    const closed = { code: 'SESSION_CLOSED', closeCode: 4402 };
    expect(refusalOf(() => manager.open(right))).toEqual(closed);
    expect(refusalOf(() => manager.seal(suspend))).toEqual(closed);
    expect(refusalOf(() => manager.rekey())).toEqual(closed);
  });

  it('dispose ends it as well', () => {
    const { device } = opened();
    device.dispose();
    expect(device.isClosed).toBe(true);
    expect(refusalOf(() => device.seal(ack)).code).toBe('SESSION_CLOSED');
  });
});

describe('rekey', () => {
  it('changes the key of one direction', () => {
    const { device, manager } = opened();
    expect(manager.open(device.rekey())).toEqual({ type: 'rekey', gen: 1 });
    expect(manager.open(one(device, ack))).toEqual(ack);
    expect(device.open(one(manager, suspend))).toEqual(suspend);
    expect(manager.open(device.rekey())).toEqual({ type: 'rekey', gen: 2 });
    expect(manager.open(one(device, ack))).toEqual(ack);
  });

  it('is lost with nobody noticing only until the next record', () => {
    const { device, manager } = opened();
    device.rekey();
    expect(refusalOf(() => manager.open(one(device, ack))).code).toBe('RECORD_NOT_AUTHENTIC');
  });

  it('comes by itself at half the records', () => {
    const small = { ...suite, limits: { ...suite.limits, records: 8 } };
    const { device, manager } = opened(small);
    const counts = Array.from({ length: 9 }, () => {
      const frames = device.seal(ack);
      for (const frame of frames) manager.open(frame);
      return frames.length;
    });
    expect(counts).toEqual([1, 1, 1, 1, 2, 1, 1, 1, 2]);
  });

  it('comes by itself at half the blocks', () => {
    // mon-ack is 3 bytes: nonce, AD and text are one block each.
    const small = { ...suite, limits: { ...suite.limits, blocks: 12 } };
    const { device, manager } = opened(small);
    const counts = Array.from({ length: 5 }, () => {
      const frames = device.seal(ack);
      for (const frame of frames) manager.open(frame);
      return frames.length;
    });
    expect(counts).toEqual([1, 1, 2, 1, 2]);
  });

  it.each([
    ['records', { ...suite.limits, records: 4 }, 4],
    ['blocks', { ...suite.limits, blocks: 12 }, 4],
  ])(
    'is asked for by the receiver: the first record past the limit of %s is refused',
    (_, limits, taken) => {
      const { manager } = ends({ ...suite, limits });
      manager.seal(ready);
      const from = channel('d2m');
      for (let at = 0; at < taken; at += 1) manager.open(record(from, [12, 1]));
      expect(refusalOf(() => manager.open(record(from, [12, 1])))).toEqual({
        code: 'RECORD_LIMIT',
        closeCode: 4402,
      });
    },
  );

  it('bounds frames by the suite as well', () => {
    const narrow = { ...suite, limits: { ...suite.limits, frameBytes: 2000 } };
    expect(opened(narrow).device.fmax).toBe(2000);
  });
});
