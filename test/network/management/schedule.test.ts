import fc from 'fast-check';
import { ManagementError } from '../../../network/src/management/management-error.ts';
import { Schedule } from '../../../network/src/management/schedule.ts';
import { FakeClock } from './support/fake-clock.ts';

describe('schedule', () => {
  it('fires in order of time, whatever the order of setting', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(10_000), { maxLength: 60 }), async (delays) => {
        const clock = new FakeClock();
        using schedule = new Schedule({ clock });
        const fired: number[] = [];
        delays.forEach((delay, key) => {
          schedule.set(String(key), delay, () => fired.push(delay));
        });
        await clock.advance(10_000);
        expect(fired).toEqual([...delays].sort((a, b) => a - b));
        expect(schedule.size).toBe(0);
        expect(clock.timers).toBe(0);
      }),
    );
  });

  it('keeps one timer of the platform for all entries', () => {
    const clock = new FakeClock();
    using schedule = new Schedule({ clock });
    for (let key = 0; key < 1_000; key += 1)
      schedule.set(String(key), 1_000 - key, () => undefined);
    expect(clock.timers).toBe(1);
    expect(schedule.size).toBe(1_000);
  });

  it('replaces what was set under a key and tells when it is due', async () => {
    const clock = new FakeClock();
    using schedule = new Schedule({ clock });
    const fired: string[] = [];
    schedule.set('lamp', 10, () => fired.push('first'));
    schedule.set('lamp', 50, () => fired.push('second'));
    expect(schedule.dueIn('lamp')).toBe(50);
    await clock.advance(49);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual(['second']);
    expect(schedule.dueIn('lamp')).toBeUndefined();
  });

  it('does not fire what another action of the same moment has cancelled', async () => {
    const clock = new FakeClock();
    using schedule = new Schedule({ clock });
    const fired: string[] = [];
    schedule.set('a', 10, () => {
      schedule.cancel('b');
    });
    schedule.set('b', 10, () => fired.push('b'));
    await clock.advance(20);
    expect(fired).toEqual([]);
  });

  it('lets an action that sets itself again at once wait for the next turn', async () => {
    const clock = new FakeClock();
    using schedule = new Schedule({ clock });
    let turns = 0;
    const again = (): void => {
      turns += 1;
      if (turns < 3) schedule.set('loop', 0, again);
    };
    schedule.set('loop', 0, again);
    await clock.advance(0);
    expect(turns).toBe(3);
  });

  it('sleeps longer than the platform can, in steps', async () => {
    const clock = new FakeClock();
    using schedule = new Schedule({ clock });
    let fired = 0;
    schedule.set('month', 2_592_000_000, () => (fired += 1));
    await clock.advance(2_147_483_647);
    expect(fired).toBe(0);
    await clock.advance(2_592_000_000 - 2_147_483_647);
    expect(fired).toBe(1);
  });

  it('refuses more entries than its capacity', () => {
    using schedule = new Schedule({ clock: new FakeClock(), capacity: 1 });
    schedule.set('a', 1, () => undefined);
    schedule.set('a', 2, () => undefined);
    expect(() => {
      schedule.set('b', 1, () => undefined);
    }).toThrow(ManagementError);
  });

  it('leaves no timer behind when disposed', () => {
    const clock = new FakeClock();
    const schedule = new Schedule({ clock });
    schedule.set('a', 1, () => undefined);
    schedule[Symbol.dispose]();
    expect(clock.timers).toBe(0);
  });
});
