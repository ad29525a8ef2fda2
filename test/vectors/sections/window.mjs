/** §9 item 11: the arithmetic of the window (§6.1) as lists of (event, time), and what D does. */
import {
  beginSession,
  newWindow,
  opensIn,
  passTime,
  receiveIntervals,
  receiveRequest,
  startWindow,
} from '@lamplighter/sdk/protocol';

const intervals = { fti: 3600, rti: 600, uti: 86400 };
const shorter = { fti: 10, rti: 2, uti: 15 };

/** Events: start; session; request n with a result of its check; set with ivn and intervals; wait. */
const lists = [
  {
    name: 'a restart opens the window, an answer moves T0',
    events: [
      { at: 1000, event: 'start' },
      { at: 1001, event: 'session' },
      { at: 1002, event: 'request', n: 1, check: 'right' },
      { at: 1003, event: 'set', ivn: 1, ...shorter },
      { at: 1003, event: 'set', ivn: 1, ...shorter },
      { at: 1009, event: 'request', n: 2, check: 'right' },
      { at: 1011, event: 'request', n: 2, check: 'right' },
    ],
  },
  {
    name: 'borders of the widened window, 2 % of FTI and 2 s',
    events: [
      { at: 0, event: 'start' },
      { at: 1, event: 'session' },
      { at: 1, event: 'request', n: 1, check: 'right' },
      { at: 3526, event: 'request', n: 2, check: 'right' },
      { at: 3527, event: 'request', n: 3, check: 'right' },
      { at: 7801, event: 'request', n: 4, check: 'right' },
      { at: 12076, event: 'wait' },
    ],
  },
  {
    name: 'the widened end passes unused',
    events: [
      { at: 0, event: 'start' },
      { at: 674, event: 'wait' },
      { at: 675, event: 'wait' },
      { at: 4200, event: 'wait' },
    ],
  },
  {
    name: 'three false requests close window and session',
    events: [
      { at: 0, event: 'start' },
      { at: 1, event: 'session' },
      { at: 2, event: 'request', n: 1, check: 'wrong' },
      { at: 3, event: 'request', n: 2, check: 'wrong' },
      { at: 4, event: 'request', n: 3, check: 'wrong' },
      { at: 5, event: 'request', n: 4, check: 'right' },
    ],
  },
  {
    name: 'nine early requests close the session',
    events: [
      { at: 0, event: 'start' },
      { at: 1, event: 'session' },
      { at: 2, event: 'request', n: 1, check: 'right' },
      ...Array.from({ length: 9 }, (_, at) => ({
        at: 10 + at,
        event: 'request',
        n: 2 + at,
        check: 'right',
      })),
    ],
  },
  {
    name: 'n not higher than the last, and hfti of neither pair',
    events: [
      { at: 0, event: 'start' },
      { at: 1, event: 'session' },
      { at: 2, event: 'request', n: 5, check: 'unsure' },
      { at: 3602, event: 'request', n: 5, check: 'right' },
      { at: 3603, event: 'request', n: 4, check: 'right' },
      { at: 3604, event: 'request', n: 6, check: 'right' },
    ],
  },
  {
    name: 'intervals too late, and of a wrong number',
    events: [
      { at: 0, event: 'start' },
      { at: 1, event: 'session' },
      { at: 2, event: 'set', ivn: 1, ...shorter },
      { at: 3, event: 'request', n: 1, check: 'right' },
      { at: 4, event: 'set', ivn: 2, ...shorter },
      { at: 64, event: 'set', ivn: 1, ...shorter },
      { at: 64, event: 'set', ivn: 0, ...intervals },
    ],
  },
];

/** One event; the window after it, and what D did. */
function step(window, event) {
  switch (event.event) {
    case 'start':
      return { window: startWindow(newWindow(intervals), event.at), action: 'none' };
    case 'session':
      return { window: beginSession(window), action: 'none' };
    case 'request': {
      const taken = receiveRequest(window, event.n, event.at, () => event.check);
      return { window: taken.window, action: taken.action };
    }
    case 'set': {
      const set = { ivn: event.ivn, fti: event.fti, rti: event.rti, uti: event.uti };
      const { window: after, reply } = receiveIntervals(window, set, event.at);
      return { window: after, action: reply };
    }
    default:
      return { window: passTime(window, event.at), action: 'none' };
  }
}

/** Item 11. Times in seconds of D's clock; `opensIn` as it would be told right after the event. */
export function windowSection() {
  return lists.map(({ name, events }) => {
    let window;
    const steps = events.map((event) => {
      const result = step(window, event);
      window = result.window;
      const { t0, ivn, early, late, badsig, dup } = window;
      const after = { t0, ivn, early, late, badsig, dup, opensIn: opensIn(window, event.at) };
      return { ...event, action: result.action, after };
    });
    return { name, intervals, steps };
  });
}
