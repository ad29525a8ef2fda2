import type { ManagementFact } from '../../../network/src/management/events.ts';
import { RefusalEvents } from '../../../network/src/management/refusal-events.ts';
import { FakeClock } from './support/fake-clock.ts';

const refused = (reason: string): ManagementFact => ({
  type: 'connection-refused',
  remote: '192.0.2.1:1',
  closeCode: 4401,
  reason,
});

function build() {
  const clock = new FakeClock();
  const facts: ManagementFact[] = [];
  const events = new RefusalEvents({ emit: (fact) => facts.push(fact) }, clock);
  return { clock, facts, events };
}

describe('events of refused connections', () => {
  it('are told one by one at first, then together, by reason', async () => {
    const { clock, facts, events } = build();
    for (let count = 0; count < 100; count += 1) events.emit(refused(count % 2 ? 'A' : 'B'));
    expect(facts).toHaveLength(64);
    await clock.advance(10_000);
    expect(facts.slice(64)).toEqual([
      { type: 'connections-refused', count: 36, reasons: { A: 18, B: 18 } },
    ]);
    events.emit(refused('C'));
    expect(facts.at(-1)).toEqual(refused('C'));
    expect(clock.timers).toBe(0);
  });

  it('stay few however long a flood goes on', async () => {
    const { clock, facts, events } = build();
    for (let second = 0; second < 600; second += 1) {
      for (let count = 0; count < 200; count += 1) events.emit(refused('A'));
      await clock.advance(1_000);
    }
    events.flush();
    expect(facts.length).toBeLessThanOrEqual(64 + 600 * 4 + 61);
    const told = facts.filter(({ type }) => type === 'connection-refused').length;
    const counted = facts.map((fact) => (fact.type === 'connections-refused' ? fact.count : 0));
    expect(told + counted.reduce((sum, count) => sum + count, 0)).toBe(120_000);
    expect(clock.timers).toBe(0);
  });

  it('hold up no other fact', () => {
    const { facts, events } = build();
    for (let count = 0; count < 100; count += 1) events.emit(refused('A'));
    const alarm = { type: 'alarm', device: null, code: 'X', reason: '' } as const;
    events.emit(alarm);
    expect(facts.at(-1)).toEqual(alarm);
    events.flush();
  });
});
