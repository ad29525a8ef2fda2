import { EventStream } from '../../../network/src/management/event-stream.ts';
import type { ManagementFact } from '../../../network/src/management/events.ts';
import { FakeClock } from './support/fake-clock.ts';

const alarm = (code: string): ManagementFact => ({ type: 'alarm', device: null, code, reason: '' });

describe('event stream', () => {
  it('tells each listener each fact with its time, until it stops', () => {
    const clock = new FakeClock();
    const stream = new EventStream({ clock });
    const codes: string[] = [];
    const stop = stream.on((event) => {
      expect(event.at).toBe(clock.date().toISOString());
      if (event.type === 'alarm') codes.push(event.code);
    });
    stream.emit(alarm('A'));
    stop();
    stream.emit(alarm('B'));
    expect(codes).toEqual(['A']);
  });

  it('is read in order to its end, and a slow reader loses the oldest', async () => {
    const stream = new EventStream({ clock: new FakeClock(), bufferedEvents: 2 });
    const reader = stream.read();
    const first = reader.next();
    for (const code of ['A', 'B', 'C', 'D']) stream.emit(alarm(code));
    stream.close();
    const codes = [(await first).value];
    for await (const event of reader) codes.push(event);
    expect(codes.map((event) => event && 'code' in event && event.code)).toEqual(['C', 'D']);
  });
});
