/** Protocols 1 and 3, both halves against each other (docs/protocol.md §6.2, §6.4). */
import { createHash } from 'node:crypto';
import { ed25519PublicKey, ed25519Sign, ed25519Verify, suiteOf } from '@lamplighter/sdk/crypto';
import {
  Measurement,
  answerRequest,
  buildRequest,
  differences,
  increment,
  intervalsMessage,
  intervalsSettled,
  judgeAnswer,
  learnIntervals,
  measureImage,
  newWindow,
  proposeIntervals,
  startWindow,
  takeRequest,
} from '@lamplighter/sdk/protocol';
import type {
  DeviceWindow,
  ManagedIntervals,
  MonitoringContext,
  MonitoringRound,
} from '@lamplighter/sdk/protocol';
import type { MonAns, MonReqE, MonReqL } from '@lamplighter/sdk/wire';
import { MANAGER_SECRET, STATE, filled } from './session-fixture.ts';

const SUITE = suiteOf(0x0103);
const H4 = filled(0x44);
const PAIR = { fti: 100, rti: 20, uti: 1000 };
const OTHER = { fti: 300, rti: 30, uti: 1000 };
const IMAGE = Uint8Array.from({ length: 70_001 }, (_, at) => at & 0xff);
const EXPECTED = { seq: 7, version: '1.0.7', size: IMAGE.length };
const PUBLIC = ed25519PublicKey(MANAGER_SECRET);

function contextOf(kind: 'end' | 'lightweight'): MonitoringContext {
  const verify = (message: Uint8Array, signature: Uint8Array): boolean =>
    ed25519Verify(PUBLIC, message, signature);
  return {
    suite: SUITE,
    idD: 'lamp-1',
    idM: 'manager-1',
    h4: H4,
    verify: kind === 'end' ? verify : null,
  };
}

/** Just started, so its window is open at 1000. */
function openWindow(): DeviceWindow {
  return startWindow(newWindow(PAIR), 1000);
}

function ask(
  kind: 'end' | 'lightweight',
  changes: Partial<Parameters<typeof buildRequest>[0]> = {},
): { request: MonReqE | MonReqL; round: MonitoringRound } {
  const sign = (message: Uint8Array): Uint8Array => ed25519Sign(MANAGER_SECRET, message);
  return buildRequest({
    suite: SUITE,
    h4: H4,
    idM: 'manager-1',
    idD: 'lamp-1',
    n: 1,
    r: filled(0x55),
    intervals: PAIR,
    sign: kind === 'end' ? sign : null,
    ...changes,
  });
}

function answer(
  kind: 'end' | 'lightweight',
  image = IMAGE,
  window = openWindow(),
): {
  round: MonitoringRound;
  answer: MonAns;
} {
  const { request, round } = ask(kind);
  const { step } = takeRequest(window, request, contextOf(kind), 1000);
  if (step.kind !== 'answer') throw new Error(`expected an answer, got ${step.kind}`);
  const measured = measureImage(SUITE, step.request.r, image);
  const own = { seq: 7, version: '1.0.7', size: image.length };
  return { round, answer: answerRequest(step.request, contextOf(kind), own, measured, STATE) };
}

function judge(round: MonitoringRound, given: MonAns): ReturnType<typeof judgeAnswer> {
  return judgeAnswer(round, given, EXPECTED, measureImage(SUITE, round.r, IMAGE), SUITE);
}

describe.each(['end', 'lightweight'] as const)('monitoring of kind %s', (kind) => {
  it('finds the right image normal', () => {
    const given = answer(kind);
    expect(judge(given.round, given.answer)).toEqual({ kind: 'normal', intervalsKnown: true });
  });

  it('finds every tampered byte abnormal', () => {
    for (const at of [0, 35_000, IMAGE.length - 1]) {
      const tampered = Uint8Array.from(IMAGE);
      tampered[at] = (tampered[at] ?? 0) ^ 1;
      const given = answer(kind, tampered);
      expect(judge(given.round, given.answer)).toEqual({
        kind: 'abnormal',
        reasons: ['digest', 'proof'],
      });
    }
  });

  it('names each difference', () => {
    const { round, answer: right } = answer(kind);
    const cases: [Partial<MonAns>, string[]][] = [
      [{ seq: 6 }, ['version']],
      [{ ver: '1.0.6' }, ['version']],
      [{ size: 1 }, ['size']],
      [{ hfw: filled(0) }, ['digest']],
      [{ hdev: filled(0) }, ['digest']],
      [{ proof: filled(0) }, ['proof']],
      [
        { seq: 6, size: 1, hfw: filled(0), proof: filled(0) },
        ['version', 'size', 'digest', 'proof'],
      ],
    ];
    for (const [change, reasons] of cases) {
      expect(judge(round, { ...right, ...change })).toEqual({ kind: 'abnormal', reasons });
    }
  });

  it('does not take an answer to another request, nor of another device', () => {
    const { round, answer: right } = answer(kind);
    expect(judge(round, { ...right, n: 0 }).kind).toBe('late');
    expect(judge(round, { ...right, n: 2 }).kind).toBe('false');
    expect(judge(round, { ...right, r: filled(0) }).kind).toBe('false');
    expect(judge(round, { ...right, idD: 'lamp-2' }).kind).toBe('false');
    expect(judge(round, { ...right, hack: filled(0) }).kind).toBe('false');
  });

  it("refuses the other class's request with error 9", () => {
    const other = kind === 'end' ? 'lightweight' : 'end';
    const { request } = ask(other);
    const window = openWindow();
    const taken = takeRequest(window, request, contextOf(kind), 1000);
    expect(taken.step).toEqual({
      kind: 'refuse',
      reply: { type: 'error', re: kind === 'end' ? 9 : 8, code: 9 },
    });
    expect(taken.window).toBe(window);
  });

  it.each([
    ['end', false],
    ['end', true],
    ['lightweight', false],
    ['lightweight', true],
  ] as const)('of class %s says whether the image is to follow: %s', (kind, full) => {
    const { request } = ask(kind, { full });
    const taken = takeRequest(openWindow(), request, contextOf(kind), 1000);
    expect(taken.step).toMatchObject({ kind: 'answer', request: { full } });
  });
});

describe('a request to an end node', () => {
  const wrong: [string, Parameters<typeof ask>[1] | ((request: MonReqE) => MonReqE)][] = [
    ['of another session', { h4: filled(0x45) }],
    ['for another device', { idD: 'lamp-2' }],
    ['of another manager', { idM: 'manager-2' }],
    ['with n changed', (request) => ({ ...request, n: 2 })],
    ['with r changed', (request) => ({ ...request, r: filled(0x56) })],
    ['with mode changed', (request) => ({ ...request, mode: 1 })],
    ['with the signature changed', (request) => ({ ...request, sig: filled(0, 64) })],
    ['signed by another key', { sign: (message) => ed25519Sign(filled(9), message) }],
  ];

  it.each(wrong)('%s is not answered and counts as a bad signature', (_, change) => {
    const built = ask('end', typeof change === 'function' ? {} : change).request as MonReqE;
    const request = typeof change === 'function' ? change(built) : built;
    const taken = takeRequest(openWindow(), request, contextOf('end'), 1000);
    expect([taken.step.kind, taken.window.badsig]).toEqual(['ignore', 1]);
  });

  it('closes with 4402 on the third bad signature', () => {
    const request = { ...ask('end').request, sig: filled(0, 64) } as MonReqE;
    let window = openWindow();
    const steps = [1, 2, 3].map(() => {
      const taken = takeRequest(window, request, contextOf('end'), 1000);
      window = taken.window;
      return taken.step;
    });
    expect(steps.at(-1)).toEqual({ kind: 'close', code: 4402 });
  });
});

describe('the intervals of a lightweight node', () => {
  it('are recognised in the pair before the present one', () => {
    const window = { ...openWindow(), intervals: OTHER, previous: PAIR, t0: 700 };
    const given = answer('lightweight', IMAGE, window);
    expect(judge(given.round, given.answer)).toEqual({ kind: 'normal', intervalsKnown: true });
  });

  it('are answered without hack when neither pair fits', () => {
    const window = { ...openWindow(), intervals: OTHER, t0: 700 };
    const given = answer('lightweight', IMAGE, window);
    expect(given.answer.hack).toHaveLength(0);
    expect(judge(given.round, given.answer)).toEqual({ kind: 'normal', intervalsKnown: false });
  });

  it('count r + 1 modulo 2^256', () => {
    expect(increment(filled(0xff))).toEqual(filled(0));
    expect(increment(Uint8Array.of(0, 0xff))).toEqual(Uint8Array.of(1, 0));
    const { request, round } = ask('lightweight', { r: filled(0xff) });
    const taken = takeRequest(openWindow(), request, contextOf('lightweight'), 1000);
    if (taken.step.kind !== 'answer') throw new Error('expected an answer');
    const measured = measureImage(SUITE, filled(0xff), IMAGE);
    const given = answerRequest(
      taken.step.request,
      contextOf('lightweight'),
      EXPECTED,
      measured,
      STATE,
    );
    const pair = Buffer.from('0000006400000014', 'hex');
    const hack = createHash('sha256')
      .update('lamplighter.v1 fti ack')
      .update(new Uint8Array(32))
      .update(pair)
      .digest();
    expect(Buffer.from(given.hack)).toEqual(hack);
    expect(judge(round, given).kind).toBe('normal');
  });
});

describe('measure', () => {
  it.each([0, 1, 65_537])('of %i bytes is what the formulas say', (size) => {
    const image = IMAGE.slice(0, size);
    const r = filled(0x77);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(size));
    const proof = createHash('sha256')
      .update('lamplighter.v1 proof')
      .update(r)
      .update(length)
      .update(image)
      .digest();
    const measured = measureImage(SUITE, r, image);
    expect(Buffer.from(measured.proof)).toEqual(proof);
    expect(Buffer.from(measured.hfw)).toEqual(createHash('sha256').update(image).digest());
    expect(measured.hdev).toHaveLength(0);
  });

  it('is the same in pieces, and refuses another number of bytes', () => {
    const pieces = new Measurement(SUITE, filled(1), IMAGE.length)
      .update(IMAGE.slice(0, 100))
      .update(IMAGE.slice(100));
    expect(pieces.finish()).toEqual(measureImage(SUITE, filled(1), IMAGE));
    const short = new Measurement(SUITE, filled(1), 2).update(Uint8Array.of(1));
    expect(() => short.finish()).toThrow(RangeError);
  });
});

describe('differences', () => {
  it('leave out a measure that was not asked for', () => {
    const hfw = filled(1);
    expect(
      differences({ seq: 7, ver: '1.0.7', size: 1, hfw }, { ...EXPECTED, size: 1 }, { hfw }),
    ).toEqual([]);
  });
});

describe("a manager's intervals", () => {
  const start: ManagedIntervals = { ivn: 3, current: PAIR, pending: null };

  it('keep the values of a pending set', () => {
    const pending = proposeIntervals(start, OTHER);
    expect(proposeIntervals(pending, PAIR)).toBe(pending);
    expect(intervalsMessage(pending)).toEqual({ type: 'mon-set', ivn: 4, ...OTHER });
    expect(intervalsMessage(start)).toBeNull();
  });

  it('move when the device has them, by mon-ack or by the ivn of a Finish', () => {
    const moved = learnIntervals(proposeIntervals(start, OTHER), 4);
    expect(moved).toEqual({ ivn: 4, current: OTHER, pending: null });
    expect(intervalsSettled(moved, OTHER)).toBe(true);
    expect(intervalsSettled(proposeIntervals(moved, PAIR), OTHER)).toBe(false);
  });

  it('keep both pairs as long as the device has the old ivn', () => {
    const pending = proposeIntervals(start, OTHER);
    expect(learnIntervals(pending, 3)).toBe(pending);
  });

  it('take an ivn that M never gave as it is', () => {
    expect(intervalsMessage(learnIntervals(proposeIntervals(start, OTHER), 9))).toMatchObject({
      ivn: 10,
    });
  });
});
