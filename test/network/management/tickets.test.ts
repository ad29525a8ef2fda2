/** Tickets of a node (protocol §3.5): bounds, an end, one a device, taken once, and secrets that do not stay. */
import type { ManagedEpoch } from '@lamplighter/sdk/protocol';
import { Tickets, type GivenTicket } from '../../../network/src/management/tickets.ts';
import { enrolPair, filled } from '../../sdk/protocol/session-fixture.ts';
import { FakeClock } from './support/fake-clock.ts';
import { fakeRandom } from './support/fake-random.ts';

const { managed } = enrolPair();
const { kid } = managed.assignment;
const epochOf = (): ManagedEpoch => managed;
const DAY_SECONDS = 86_400;

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

function newTickets(options: { inARow?: number; seconds?: number } = {}): Tickets {
  return new Tickets({ clock, random: fakeRandom(), ...options });
}

function ticket(changes: Partial<GivenTicket> = {}): GivenTicket {
  return { device: 'lamp-1', kid, rs: filled(7), inARow: 0, ...changes };
}

it('finds what a rid resumes, and gives its secret away once', () => {
  const tickets = newTickets();
  const given = ticket();
  const { rid, ttl } = tickets.give(given)!;
  expect([rid.length, ttl]).toEqual([16, DAY_SECONDS]);
  expect(tickets.find(rid, epochOf)).toMatchObject({ resumes: managed, rs: filled(7) });
  expect(tickets.find(rid, epochOf)).toBeDefined();
  expect(tickets.take(rid)?.rs).toBe(given.rs);
  // The secret is the caller's now: it is not erased behind his back.
  expect(given.rs).toEqual(filled(7));
  expect(tickets.take(rid)).toBeUndefined();
  expect(tickets.find(rid, epochOf)).toBeUndefined();
});

it('knows no rid that it did not give', () => {
  const tickets = newTickets();
  tickets.give(ticket());
  expect(tickets.find(filled(1, 16), epochOf)).toBeUndefined();
  expect(tickets.take(filled(1, 16))).toBeUndefined();
});

it('ends after its time, and erases the secret', async () => {
  const tickets = newTickets({ seconds: 60 });
  const given = ticket();
  const { rid, ttl } = tickets.give(given)!;
  expect(ttl).toBe(60);
  await clock.advance(59_999);
  expect(tickets.find(rid, epochOf)).toBeDefined();
  await clock.advance(1);
  expect(tickets.find(rid, epochOf)).toBeUndefined();
  expect(given.rs).toEqual(filled(0));
});

it('lives a day at most', () => {
  expect(newTickets({ seconds: 10 * DAY_SECONDS }).give(ticket())?.ttl).toBe(DAY_SECONDS);
});

it.each([
  ['another assignment', { ...managed, assignment: { ...managed.assignment, kid: filled(9, 16) } }],
  ['none any more', undefined],
])('ends when the device has %s', (_, present) => {
  const tickets = newTickets();
  const given = ticket();
  const { rid } = tickets.give(given)!;
  expect(tickets.find(rid, () => present)).toBeUndefined();
  expect(given.rs).toEqual(filled(0));
  expect(tickets.find(rid, epochOf)).toBeUndefined();
});

it('is the only one of its device: a new one takes the place of the last', () => {
  const tickets = newTickets();
  const [first, second, other] = [
    ticket(),
    ticket({ rs: filled(8) }),
    ticket({ device: 'lamp-2' }),
  ];
  const before = tickets.give(first)!.rid;
  const unrelated = tickets.give(other)!.rid;
  const after = tickets.give(second)!.rid;
  expect(tickets.find(before, epochOf)).toBeUndefined();
  expect(first.rs).toEqual(filled(0));
  expect(tickets.find(after, epochOf)?.rs).toEqual(filled(8));
  expect(tickets.find(unrelated, epochOf)?.device).toBe('lamp-2');
});

it.each([
  [undefined, 16],
  [100, 16],
  [3, 3],
  [0, 0],
])('is given for so many in a row: %p means %d', (inARow, most) => {
  const tickets = newTickets(inARow === undefined ? {} : { inARow });
  const given = Array.from({ length: 20 }, (_, at) => {
    const one = ticket({ inARow: at, rs: filled(7) });
    return { one, isGiven: tickets.give(one) !== undefined };
  });
  expect(given.filter(({ isGiven }) => isGiven)).toHaveLength(most);
  expect(given.slice(most).every(({ one, isGiven }) => !isGiven && one.rs[0] === 0)).toBe(true);
});

it('refuses the seventeenth, and has none of the device then', () => {
  const tickets = newTickets();
  const { rid } = tickets.give(ticket({ inARow: 15 }))!;
  expect(tickets.give(ticket({ inARow: 16 }))).toBeUndefined();
  expect(tickets.find(rid, epochOf)).toBeUndefined();
});

it('holds 65536 at most: the oldest goes, its secret erased', () => {
  const tickets = newTickets();
  const oldest = ticket({ device: 'lamp-0' });
  const { rid } = tickets.give(oldest)!;
  for (let at = 1; at < 65_536; at += 1) tickets.give(ticket({ device: `lamp-${at}` }));
  expect(tickets.find(rid, epochOf)).toBeDefined();
  const newest = tickets.give(ticket({ device: 'lamp-65536' }))!;
  expect(tickets.find(rid, epochOf)).toBeUndefined();
  expect(oldest.rs).toEqual(filled(0));
  expect(tickets.find(newest.rid, epochOf)).toBeDefined();
});

it('leaves no secret when it is cleared', () => {
  const tickets = newTickets();
  const given = [ticket(), ticket({ device: 'lamp-2' })];
  const rids = given.map((each) => tickets.give(each)!.rid);
  tickets.clear();
  expect(given.map(({ rs }) => rs)).toEqual([filled(0), filled(0)]);
  expect(rids.map((rid) => tickets.find(rid, epochOf))).toEqual([undefined, undefined]);
});
