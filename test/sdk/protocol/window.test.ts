/** The window as (event, time) lists (docs/protocol.md §6.1). FTI 100, RTI 20: widened by 4 s at both ends. */
import {
  answerWithin,
  beginSession,
  newWindow,
  nextRequestIn,
  openForFirstSession,
  opensIn,
  passTime,
  receiveIntervals,
  receiveRequest,
  startWindow,
  storedWindow,
  windowEnds,
  windowOpens,
} from '@lamplighter/sdk/protocol';
import type { DeviceWindow, RequestCheck } from '@lamplighter/sdk/protocol';

const INTERVALS = { fti: 100, rti: 20, uti: 1000 };

/** A device that has run for a while: T0 is 0. */
function runningWindow(): DeviceWindow {
  return { ...startWindow(newWindow(INTERVALS), 100), t0: 0, startEnds: 0, starts: 0 };
}

type Event =
  | { at: number; request: number; check?: RequestCheck; gives: 'answer' | 'ignore' | number }
  | { at: number; opensIn: number }
  | { at: number; pass: true }
  | { at: number; session: true }
  | { at: number; set: number; fti?: number; gives: 'mon-ack' | 'error' };

function play(events: readonly Event[], start = runningWindow()): DeviceWindow {
  let window = start;
  for (const event of events) {
    if ('request' in event) {
      const taken = receiveRequest(window, event.request, event.at, () => event.check ?? 'right');
      window = taken.window;
      const given = typeof taken.action === 'string' ? taken.action : taken.action.close;
      expect({ at: event.at, given }).toEqual({ at: event.at, given: event.gives });
    } else if ('opensIn' in event) {
      expect(opensIn(window, event.at)).toBe(event.opensIn);
    } else if ('set' in event) {
      const set = { ...INTERVALS, fti: event.fti ?? 200, ivn: event.set };
      const received = receiveIntervals(window, set, event.at);
      window = received.window;
      expect(received.reply.type).toBe(event.gives);
    } else {
      window = 'pass' in event ? passTime(window, event.at) : beginSession(window);
    }
  }
  return window;
}

describe('the window of a device', () => {
  it('opens 4 s before T0 + FTI and ends 4 s after T0 + FTI + RTI', () => {
    expect([windowOpens(runningWindow()), windowEnds(runningWindow())]).toEqual([96, 124]);
  });

  it('does not look at a request before it', () => {
    const check = jest.fn<RequestCheck, []>();
    const { window, action } = receiveRequest(runningWindow(), 1, 95.9, check);
    expect([action, window.early, check.mock.calls.length]).toEqual(['ignore', 1, 0]);
  });

  it('ignores eight early requests in a session and closes with 4429 on the ninth', () => {
    const eight = Array.from({ length: 8 }, (_, n): Event => ({
      at: 50,
      request: n + 1,
      gives: 'ignore',
    }));
    const window = play([...eight, { at: 50, request: 9, gives: 4429 }]);
    expect(window).toMatchObject({ early: 9, t0: 0 });
    const next = play([
      ...eight,
      { at: 51, session: true },
      { at: 52, request: 1, gives: 'ignore' },
    ]);
    expect(next.early).toBe(9);
  });

  it('answers at both widened ends, then moves T0', () => {
    const window = play([
      { at: 96, request: 1, gives: 'answer' },
      { at: 96, opensIn: 100 },
      { at: 97, request: 2, gives: 'ignore' },
    ]);
    expect(window).toMatchObject({ t0: 96, early: 1, late: 0 });
    expect(play([{ at: 124, request: 1, gives: 'answer' }]).t0).toBe(124);
  });

  it('counts an n that is not higher as a duplicate', () => {
    const window = play([
      { at: 100, request: 5, gives: 'answer' },
      { at: 200, request: 5, gives: 'ignore' },
      { at: 201, request: 4, gives: 'ignore' },
      { at: 202, request: 6, gives: 'answer' },
    ]);
    expect(window).toMatchObject({ dup: 2, t0: 202 });
  });

  it('takes any n again in a new session', () => {
    const window = play([
      { at: 100, request: 5, gives: 'answer' },
      { at: 150, session: true },
      { at: 200, request: 1, gives: 'answer' },
    ]);
    expect(window).toMatchObject({ t0: 200, dup: 0 });
  });

  it('closes window and session with 4402 on the third bad signature', () => {
    const window = play([
      { at: 100, request: 1, check: 'wrong', gives: 'ignore' },
      { at: 101, request: 1, check: 'wrong', gives: 'ignore' },
      { at: 102, request: 1, check: 'wrong', gives: 4402 },
      { at: 103, request: 1, gives: 'ignore' },
    ]);
    expect(window).toMatchObject({ badsig: 3, t0: 102, early: 1 });
  });

  it('still answers the right request after two bad ones', () => {
    const window = play([
      { at: 100, request: 1, check: 'wrong', gives: 'ignore' },
      { at: 101, request: 1, check: 'wrong', gives: 'ignore' },
      { at: 102, request: 1, gives: 'answer' },
      { at: 202, request: 2, check: 'wrong', gives: 'ignore' },
      { at: 203, request: 2, check: 'wrong', gives: 'ignore' },
      { at: 204, request: 2, gives: 'answer' },
    ]);
    expect(window.badsig).toBe(4);
  });

  it('answers an unknown pair without a strike, and counts it', () => {
    const window = play([{ at: 100, request: 1, check: 'unsure', gives: 'answer' }]);
    expect(window).toMatchObject({ badsig: 1, t0: 100, strikes: 0 });
  });

  it('starts a new window when the widened end passes unused', () => {
    const window = play([
      { at: 124, pass: true },
      { at: 124, opensIn: 0 },
      { at: 125, pass: true },
      { at: 125, opensIn: 100 },
      { at: 126, request: 1, gives: 'ignore' },
    ]);
    expect(window).toMatchObject({ late: 1, t0: 125, early: 1 });
  });

  it('tells seconds to the nominal opening, rounded up, and 0 from the widened opening on', () => {
    const told = [0, 0.2, 95.5, 96, 110].map((at) => opensIn(runningWindow(), at));
    expect(told).toEqual([100, 100, 5, 0, 0]);
  });
});

describe('intervals', () => {
  it('take mon-set with ivn + 1 up to 60 s after an answer, counted from the answer', () => {
    const window = play([
      { at: 100, request: 1, gives: 'answer' },
      { at: 160, set: 1, gives: 'mon-ack' },
      { at: 160, opensIn: 140 },
    ]);
    expect(window).toMatchObject({ ivn: 1, t0: 100, previous: INTERVALS });
    expect(window.intervals.fti).toBe(200);
  });

  it('answer the same mon-set again, at any time, and change nothing', () => {
    const window = play([
      { at: 100, request: 1, gives: 'answer' },
      { at: 101, set: 1, gives: 'mon-ack' },
      { at: 190, set: 1, gives: 'mon-ack' },
    ]);
    expect(window).toMatchObject({ ivn: 1, t0: 100, previous: INTERVALS });
  });

  it.each([
    ['60 s too late', 160.1, 1],
    ['without ivn + 1', 101, 2],
    ['with an old ivn and other values', 101, 0],
  ])('refuse mon-set %s', (_, at, set) => {
    const window = play([
      { at: 100, request: 1, gives: 'answer' },
      { at, set, gives: 'error' },
    ]);
    expect(window).toMatchObject({ ivn: 0, intervals: INTERVALS, previous: null });
  });

  it('refuse mon-set without an answer, or in another session', () => {
    expect(play([{ at: 100, set: 1, gives: 'error' }]).ivn).toBe(0);
    const window = play([
      { at: 100, request: 1, gives: 'answer' },
      { at: 101, session: true },
      { at: 102, set: 1, gives: 'error' },
    ]);
    expect(window.ivn).toBe(0);
  });
});

describe('starts', () => {
  it('open the window three times in a row, then no more, until a widened end was seen', () => {
    let stored = newWindow(INTERVALS);
    const opened = [1, 2, 3, 4].map((start) => {
      const window = startWindow(stored, start * 10);
      stored = storedWindow(window);
      return opensIn(window, start * 10);
    });
    expect(opened).toEqual([0, 0, 0, 100]);
    const seen = passTime(startWindow(stored, 1000), 1125);
    expect(seen).toMatchObject({ starts: 0, late: 1 });
    expect(opensIn(startWindow(storedWindow(seen), 2000), 2000)).toBe(0);
  });

  it('leave the window open for RTI', () => {
    const window = startWindow(newWindow(INTERVALS), 1000);
    expect([windowOpens(window), windowEnds(window)]).toEqual([996, 1024]);
  });

  it('count the window from their first session, however long dialling took', () => {
    const late = passTime(startWindow(newWindow(INTERVALS), 1000), 1500);
    expect(opensIn(late, 1500)).toBe(100);
    const expecting = openForFirstSession(late, 1600);
    expect([opensIn(expecting, 1600), windowEnds(expecting)]).toEqual([0, 1624]);
    const later = openForFirstSession(expecting, 1700);
    expect(windowEnds(later)).toBe(1724);
    const begun = beginSession(later);
    expect(openForFirstSession(begun, 1800)).toBe(begun);
  });

  it('that came too often leave the window closed at the first session too', () => {
    const often = startWindow({ ...newWindow(INTERVALS), starts: 3 }, 1000);
    expect(opensIn(openForFirstSession(often, 1010), 1010)).toBe(90);
  });

  it('count a start as seen when the device is still up after its widened end, used or not', () => {
    const started = startWindow(newWindow(INTERVALS), 1000);
    const used = receiveRequest(started, 1, 1010, () => 'right').window;
    expect([used.starts, passTime(used, 1030).starts]).toEqual([1, 0]);
  });
});

describe('the schedule of a manager', () => {
  it('is opens-in and a random part of RTI', () => {
    expect([nextRequestIn(100, 20, 0), nextRequestIn(100, 20, 0.5)]).toEqual([100, 110]);
  });

  it('never falls outside the widened window, whatever the random number', () => {
    for (const random of [0, 0.25, 0.999999]) {
      const at = nextRequestIn(opensIn(runningWindow(), 0.2), INTERVALS.rti, random) + 0.2;
      expect(at).toBeGreaterThanOrEqual(96);
      expect(at).toBeLessThanOrEqual(124);
    }
  });

  it('waits 30 s and 1 s for each 64 KiB', () => {
    expect([answerWithin(0), answerWithin(65536), answerWithin(65537)]).toEqual([30, 31, 32]);
  });
});
